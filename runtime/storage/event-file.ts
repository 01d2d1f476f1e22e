import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAME = 'events.json';
const SCHEMA = 'gridvine.events/1';

/** How far this node got with each sender's events: what it delivered it doesn't deliver again after a restart. */
export class EventFile {
  readonly #files: FilePort;
  readonly #directory: string;

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  /** What an earlier life kept; undefined: nothing, or it was damaged (then it is set aside) or can't be read. */
  async load(): Promise<{ readonly kept?: Uint8Array; readonly notice?: StorageNotice }> {
    const path = `${this.#directory}/${NAME}`;
    try {
      const content = await readChecked(this.#files, path, SCHEMA);
      if (content.status === 'absent') return {};
      const kept = content.status === 'ok' ? bytesOf(content.body) : undefined;
      if (kept !== undefined) return { kept };
      const aside = await setAside(this.#files, this.#directory, NAME);
      return { notice: notice(`${path} was damaged and was set aside as ${aside}`) };
    } catch (error) {
      return { notice: notice(`${path} can't be read (${fileErrorCode(error)})`) };
    }
  }

  /** Returns once these bytes are on the medium. Rejects with the platform's error; the old content stands then. */
  async save(kept: Uint8Array): Promise<void> {
    const body = { events: Buffer.from(kept).toString('base64') };
    await replaceFile(this.#files, `${this.#directory}/${NAME}`, encodeChecked(SCHEMA, body));
  }
}

function bytesOf(body: unknown): Uint8Array | undefined {
  const text = (body as { events?: unknown } | null)?.events;
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
}

function notice(what: string): StorageNotice {
  return {
    code: 'events-forgotten',
    severity: 'warning',
    title: 'what was delivered of events is forgotten',
    text: `${what}. Events that are still in their windows are delivered once more, and their handlers run once more; then all is as before. If it happens again, check the storage medium.`,
  };
}
