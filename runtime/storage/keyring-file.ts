import { GridvineError } from '../core/errors.ts';
import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAME = 'keyring.json';
const SCHEMA = 'gridvine.keyring/1';

/** The cluster's keys, as this node was told of them while it ran. Only there once an operator has changed them. */
export class KeyringFile {
  readonly #files: FilePort;
  readonly #directory: string;

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  /**
   * What an earlier life kept; undefined: nothing, or it was damaged (then it is set aside, with a notice, and the key file alone counts).
   * @throws GridvineError `E_KEY_FILE` where others may read it, or it can't be read.
   */
  async load(): Promise<{ readonly kept?: Uint8Array; readonly notice?: StorageNotice }> {
    const path = `${this.#directory}/${NAME}`;
    try {
      const content = await readChecked(this.#files, path, SCHEMA);
      if (content.status === 'absent') return {};
      const kept = content.status === 'ok' ? bytesOf(content.body) : undefined;
      if (kept === undefined) return { notice: await this.setAside() };
      const mode = await this.#files.modeOf(path);
      if (mode !== undefined && (mode & 0o077) !== 0)
        throw new GridvineError(
          'E_KEY_FILE',
          `${path}: expected mode 0600; got 0${mode.toString(8)}, so others may have read the cluster's keys. If nobody did: chmod 600 ${path}`,
        );
      return { kept };
    } catch (error) {
      if (error instanceof GridvineError) throw error;
      throw new GridvineError(
        'E_KEY_FILE',
        `${path}: can't be read (${fileErrorCode(error)}); check its owner and mode`,
        { cause: error },
      );
    }
  }

  /** Moves a file that makes no sense out of the way. */
  async setAside(): Promise<StorageNotice> {
    const aside = await setAside(this.#files, this.#directory, NAME);
    return {
      code: 'keyring-damaged',
      severity: 'warning',
      title: 'kept keys damaged',
      text: `${this.#directory}/${NAME} was damaged and was set aside as ${aside}. This node started with its key file alone: if the cluster's keys were changed since, put the present key there. If it happens again, check the storage medium.`,
    };
  }

  /** Keeps these bytes, readable by the owner alone. Rejects with the platform's error; the old content stands then. */
  async save(kept: Uint8Array): Promise<void> {
    const body = { keys: Buffer.from(kept).toString('base64') };
    await replaceFile(this.#files, `${this.#directory}/${NAME}`, encodeChecked(SCHEMA, body));
  }
}

function bytesOf(body: unknown): Uint8Array | undefined {
  const text = (body as { keys?: unknown } | null)?.keys;
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
}
