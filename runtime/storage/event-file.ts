import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice } from './notice.ts';

const NAME = 'events.json';
const SCHEMA = 'gridvine.events/1';
/** What changed since is written over in place, by turns, so that a torn one leaves the one before. */
const CHANGES_NAMES = ['events-a.json', 'events-b.json'] as const;
const CHANGES_SCHEMA = 'gridvine.event-changes/1';
/** One block of a medium: so it keeps its length, and costs nothing but its content. */
const CHANGES_BYTES = 4_096;

/** What a file holds, and its place in the order of all writes. */
interface Kept {
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Of changes: what they are to. */
  readonly base: number;
}

/**
 * How far this node got with each sender's events: what it delivered it doesn't deliver again after a restart. All of it stands in one file
 * that is replaced; what changed since, in one of two small ones that are written over.
 */
export class EventFile {
  readonly #files: FilePort;
  readonly #directory: string;
  #at = 0;
  #base = 0;
  /** Which of the two is written next. */
  #turn: 0 | 1 = 0;
  /** Whether they are there; else their names have to be put on the medium, too. */
  readonly #isThere = [false, false];

  constructor(options: { readonly files: FilePort; readonly directory: string }) {
    this.#files = options.files;
    this.#directory = options.directory;
  }

  /** What an earlier life kept; undefined: nothing, or it was damaged (then it is set aside) or can't be read. */
  async load(): Promise<{
    readonly kept?: Uint8Array;
    /** What changed since; absent: nothing. */
    readonly changes?: Uint8Array;
    readonly notice?: StorageNotice;
  }> {
    const path = this.#pathOf(NAME);
    try {
      const changes = [await this.#changes(0), await this.#changes(1)];
      // What is written next must be to no base that old changes name.
      this.#at = Math.max(...changes.map((each) => each?.at ?? 0));
      const content = await readChecked(this.#files, path, SCHEMA);
      if (content.status === 'absent') return {};
      const all = content.status === 'ok' ? keptOf(content.body) : undefined;
      if (all === undefined) {
        const aside = await setAside(this.#files, this.#directory, NAME);
        return { notice: notice(`${path} was damaged and was set aside as ${aside}`) };
      }
      this.#at = Math.max(this.#at, all.at);
      const ofThis = changes.map((each) => (each?.base === all.at ? each : undefined));
      const [a, b] = ofThis;
      this.#turn = (a?.at ?? 0) > (b?.at ?? 0) ? 1 : 0;
      const newest = this.#turn === 1 ? a : b;
      return { kept: all.bytes, ...(newest === undefined ? {} : { changes: newest.bytes }) };
    } catch (error) {
      return { notice: notice(`${path} can't be read (${fileErrorCode(error)})`) };
    }
  }

  /**
   * Returns once these bytes are on the medium: all, or what changed since all was saved last. Rejects with the platform's error; what was
   * saved before stands then.
   */
  async save(kept: Uint8Array, scope: 'all' | 'changes'): Promise<void> {
    const at = ++this.#at;
    const events = Buffer.from(kept).toString('base64');
    if (scope === 'changes') {
      await this.#saveChanges({ events, at, base: this.#base });
      return;
    }
    await replaceFile(this.#files, this.#pathOf(NAME), encodeChecked(SCHEMA, { events, at }));
    this.#base = at;
  }

  async #saveChanges(body: {
    readonly events: string;
    readonly at: number;
    readonly base: number;
  }): Promise<void> {
    const turn = this.#turn;
    const path = this.#pathOf(CHANGES_NAMES[turn]);
    const { length } = encodeChecked(CHANGES_SCHEMA, { ...body, pad: '' });
    const pad = ' '.repeat(Math.max(0, CHANGES_BYTES - length));
    const bytes = encodeChecked(CHANGES_SCHEMA, { ...body, pad });
    if (this.#isThere[turn]) await this.#files.overwriteSynced(path, bytes);
    else await replaceFile(this.#files, path, bytes);
    this.#isThere[turn] = true;
    this.#turn = turn === 0 ? 1 : 0;
  }

  /** Undefined where there are none, or they were torn: the other ones count then. */
  async #changes(turn: 0 | 1): Promise<Kept | undefined> {
    const content = await readChecked(this.#files, this.#pathOf(CHANGES_NAMES[turn]), CHANGES_SCHEMA);
    this.#isThere[turn] = content.status !== 'absent';
    return content.status === 'ok' ? keptOf(content.body) : undefined;
  }

  #pathOf(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

function keptOf(body: unknown): Kept | undefined {
  const { events, at = 0, base = 0 } = (body ?? {}) as { events?: unknown; at?: unknown; base?: unknown };
  if (typeof events !== 'string' || !isCount(at) || !isCount(base)) return undefined;
  return { bytes: new Uint8Array(Buffer.from(events, 'base64')), at, base };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function notice(what: string): StorageNotice {
  return {
    code: 'events-forgotten',
    severity: 'warning',
    title: 'what was delivered of events is forgotten',
    text: `${what}. Events that are still in their windows are delivered once more, and their handlers run once more; then all is as before. If it happens again, check the storage medium.`,
  };
}
