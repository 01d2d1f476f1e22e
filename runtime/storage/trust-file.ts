import { GridvineError } from '../core/errors.ts';
import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAME = 'trust.json';
const SCHEMA = 'gridvine.trust-state/1';

/** What a node keeps of a cluster of certificates: the root's word, the time floor, and the secrets of its epochs. */
export class TrustFile {
  readonly #files: FilePort;
  readonly #directory: string;

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  /**
   * What an earlier life kept; undefined: nothing, or it was damaged (then it is set aside, with a notice, and the others let this node
   * in anew).
   * @throws GridvineError `E_TRUST_FILE` where others may read or replace it, or it can't be read.
   */
  async load(): Promise<{ readonly kept?: Uint8Array; readonly notice?: StorageNotice }> {
    const path = `${this.#directory}/${NAME}`;
    try {
      await this.#checkPrivate(path);
      const content = await readChecked(this.#files, path, SCHEMA);
      if (content.status === 'absent') return {};
      const kept = content.status === 'ok' ? bytesOf(content.body) : undefined;
      return kept === undefined ? { notice: await this.setAside() } : { kept };
    } catch (error) {
      if (error instanceof GridvineError) throw error;
      throw new GridvineError(
        'E_TRUST_FILE',
        `${path}: can't be read (${fileErrorCode(error)}); check its owner and mode`,
        { cause: error },
      );
    }
  }

  /** Moves a file that makes no sense out of the way. */
  async setAside(): Promise<StorageNotice> {
    const aside = await setAside(this.#files, this.#directory, NAME);
    return {
      code: 'trust-damaged',
      severity: 'warning',
      title: 'kept epochs damaged',
      text: `${this.#directory}/${NAME} was damaged and was set aside as ${aside}. This node knows only its certificate and roots, and another member has to let it in anew. If it happens again, check the storage medium.`,
    };
  }

  /** Keeps these bytes, readable by the owner alone. Rejects with the platform's error; the old content stands then. */
  async save(kept: Uint8Array): Promise<void> {
    const bytes = encodeChecked(SCHEMA, { trust: Buffer.from(kept).toString('base64') });
    try {
      await replaceFile(this.#files, `${this.#directory}/${NAME}`, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  /** Whoever can read it reads the cluster, and whoever can write it can make this node forget who is revoked. */
  async #checkPrivate(path: string): Promise<void> {
    const mode = await this.#files.modeOf(path);
    if (mode !== undefined && (mode & 0o077) !== 0)
      throw new GridvineError(
        'E_TRUST_FILE',
        `${path}: expected mode 0600; got 0${mode.toString(8)}, so others may have read the cluster's epochs. If nobody did: chmod 600 ${path}. Else delete it, and revoke something to make the cluster change its epoch`,
      );
    const owner = await this.#files.foreignOwnerOf?.(path);
    if (owner !== undefined)
      throw new GridvineError(
        'E_TRUST_FILE',
        `${path}: expected it to belong to the user that runs this node; it belongs to uid ${owner}. Run the node as that user, or delete the file: another member lets this node in anew`,
      );
  }
}

function bytesOf(body: unknown): Uint8Array | undefined {
  const text = (body as { trust?: unknown } | null)?.trust;
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
}
