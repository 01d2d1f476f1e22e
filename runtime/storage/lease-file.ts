import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAME = 'leases.json';
const SCHEMA = 'gridvine.leases/1';

/** What an earlier life promised: its bytes; nothing, because there was no earlier life; or nobody knows. */
export type KeptLeases = Uint8Array | 'fresh' | 'lost';

/**
 * What this node promised as a voter on leases. The file is there from the node's first start on: where it is missing later, promises may
 * have been lost with it.
 */
export class LeaseFile {
  readonly #files: FilePort;
  readonly #directory: string;

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  get #path(): string {
    return `${this.#directory}/${NAME}`;
  }

  /**
   * What an earlier life kept. A damaged file is set aside and counts as lost; one that can't be read does too.
   * @param history `new`: this node has just got its identity, so it never promised anything.
   */
  async load(
    history: 'new' | 'known',
  ): Promise<{ readonly kept: KeptLeases; readonly notice?: StorageNotice }> {
    try {
      const content = await readChecked(this.#files, this.#path, SCHEMA);
      if (content.status === 'ok') {
        const kept = keptOf(content.body);
        if (kept !== undefined) return { kept };
      }
      if (content.status === 'absent') {
        if (history === 'known') return { kept: 'lost' };
        await this.save(new Uint8Array());
        return { kept: 'fresh' };
      }
      const aside = await setAside(this.#files, this.#directory, NAME);
      return { kept: 'lost', notice: notice(`${this.#path} was damaged and was set aside as ${aside}`) };
    } catch (error) {
      return {
        kept: 'lost',
        notice: notice(`${this.#path} can't be read or made (${fileErrorCode(error)})`),
      };
    }
  }

  /** Returns once these bytes are on the medium. Rejects with the platform's error; the old content stands then. */
  async save(kept: Uint8Array): Promise<void> {
    const body = { promises: Buffer.from(kept).toString('base64') };
    await replaceFile(this.#files, this.#path, encodeChecked(SCHEMA, body));
  }
}

function keptOf(body: unknown): KeptLeases | undefined {
  const text = (body as { promises?: unknown } | null)?.promises;
  if (typeof text !== 'string') return undefined;
  return text === '' ? 'fresh' : new Uint8Array(Buffer.from(text, 'base64'));
}

function notice(what: string): StorageNotice {
  return {
    code: 'leases-lost',
    severity: 'warning',
    title: 'promises on leases lost',
    text: `${what}. If this node votes on leases it abstains for a minute, learns from the other voters and goes on by itself; nothing to do. If it happens again, check the storage medium.`,
  };
}
