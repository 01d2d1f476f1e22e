import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode, type StorageNotice, type StorageNoticeCode } from './notice.ts';

/** Calls back once after `delayMs`; @returns the canceller. */
export type After = (delayMs: number, callback: () => void) => () => void;

export interface SnapshotFileOptions {
  readonly files: FilePort;
  readonly directory: string;
  readonly name: string;
  readonly schema: string;
  /** What to write now. */
  readonly take: () => unknown;
  readonly after: After;
  /** From the first change to the write: changes meanwhile share it. Longer wears the medium less, loses more. */
  readonly delayMs: number;
  /** At least so long from one write to the next. */
  readonly intervalMs: number;
  readonly codes: { readonly damaged: StorageNoticeCode; readonly unsaved: StorageNoticeCode };
  /** A condition began, or (`undefined`) ended. */
  readonly notify: (code: StorageNoticeCode, notice: StorageNotice | undefined) => void;
}

/**
 * A state file that follows state in memory at a distance. The medium is spared: changes are collected, equal content isn't
 * written again. When it can't be written the node goes on in memory, says so, and tries again.
 */
export class SnapshotFile {
  readonly #options: SnapshotFileOptions;
  readonly #path: string;
  #written = '';
  #cancel: (() => void) | undefined;
  #resting = false;
  #changed = false;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SnapshotFileOptions) {
    this.#options = options;
    this.#path = `${options.directory}/${options.name}`;
  }

  /** The stored content; undefined where there is none or it was damaged (then it is set aside, with a notice). */
  async load(): Promise<unknown> {
    const { files, directory, name, schema, codes, notify } = this.#options;
    try {
      const content = await readChecked(files, this.#path, schema);
      if (content.status === 'ok') {
        this.#written = JSON.stringify(content.body);
        return content.body;
      }
      if (content.status === 'damaged') {
        const aside = await setAside(files, directory, name);
        notify(codes.damaged, {
          code: codes.damaged,
          severity: 'warning',
          title: `${name} damaged`,
          text: `${this.#path} was damaged and was set aside as ${aside}; its content is lost. If it happens again, check the storage medium.`,
        });
      }
    } catch (error) {
      this.#unsaved(error);
    }
    return undefined;
  }

  /** Tells that the state has changed: it is written soon. */
  changed(): void {
    this.#changed = true;
    if (this.#closed || this.#cancel !== undefined || this.#resting) return;
    this.#schedule(this.#options.delayMs);
  }

  /** Writes what isn't written yet, now. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#resting = false;
    if (this.#changed) this.#write();
    await this.#writing;
  }

  /** Flushes, and writes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#options.after(delayMs, () => {
      this.#cancel = undefined;
      this.#resting = false;
      if (this.#changed) this.#write();
    });
  }

  #write(): void {
    this.#changed = false;
    this.#writing = this.#writing.then(() => this.#writeOnce());
    if (this.#closed) return;
    this.#resting = true;
    this.#schedule(this.#options.intervalMs);
  }

  async #writeOnce(): Promise<void> {
    const { files, schema, take, codes, notify } = this.#options;
    const body = take();
    const text = JSON.stringify(body);
    if (text === this.#written) return;
    try {
      await replaceFile(files, this.#path, encodeChecked(schema, body));
      this.#written = text;
      notify(codes.unsaved, undefined);
    } catch (error) {
      this.#changed = true;
      this.#unsaved(error);
    }
  }

  #unsaved(error: unknown): void {
    const { codes, notify, name } = this.#options;
    notify(codes.unsaved, {
      code: codes.unsaved,
      severity: 'warning',
      title: `${name} not saved`,
      text: `${this.#path} can't be read or written (${fileErrorCode(error)}): the node goes on, but forgets what it holds when it stops. Free some space or make the directory writable; it tries again by itself.`,
    });
  }
}
