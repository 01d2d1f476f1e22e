import type { FilePort } from '#runtime/storage/file-port.ts';

/** Ends a write as a power cut would: nothing after it happens. */
export class PowerCut extends Error {}

/**
 * Files in memory that fail on demand. A power cut strikes after a number of written bytes and metadata steps: the file then being
 * written keeps only what was written so far, as after a torn write on a medium.
 */
export class FailingDisk implements FilePort {
  readonly files = new Map<string, { bytes: Uint8Array; mode: number }>();
  /** Writes fail with this code (`ENOSPC`, `EROFS`) while set. */
  failWith: string | undefined;
  /** With a full disk, writing over present content of the same length still works. */
  overwriteFailWith: string | undefined;
  writes = 0;
  #stepsLeft = Number.POSITIVE_INFINITY;

  /** The power goes after this many steps; each byte written is one, and each rename. */
  cutAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  /** The power is back. */
  restore(): void {
    this.#stepsLeft = Number.POSITIVE_INFINITY;
  }

  put(path: string, bytes: Uint8Array, mode = 0o600): void {
    this.files.set(path, { bytes, mode });
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.#needPower();
    return this.files.get(path)?.bytes.slice();
  }

  async writeSynced(path: string, bytes: Uint8Array): Promise<void> {
    this.#needPower();
    if (this.failWith !== undefined) throw platformError(this.failWith);
    this.#write(path, bytes, new Uint8Array(0));
  }

  async overwriteSynced(path: string, bytes: Uint8Array): Promise<void> {
    this.#needPower();
    if (this.overwriteFailWith !== undefined) throw platformError(this.overwriteFailWith);
    this.#write(path, bytes, this.files.get(path)?.bytes ?? new Uint8Array(0));
  }

  async rename(from: string, to: string): Promise<void> {
    this.#needPower();
    this.#step();
    const file = this.files.get(from);
    if (file === undefined) throw platformError('ENOENT');
    this.files.delete(from);
    this.files.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.#needPower();
    this.files.delete(path);
  }

  async list(directory: string): Promise<string[]> {
    const prefix = `${directory}/`;
    return [...this.files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
  }

  async modeOf(path: string): Promise<number | undefined> {
    return this.files.get(path)?.mode;
  }

  #write(path: string, bytes: Uint8Array, before: Uint8Array): void {
    this.writes++;
    const mode = this.files.get(path)?.mode ?? 0o600;
    const written = Math.min(bytes.length, this.#stepsLeft);
    const content = new Uint8Array(Math.max(written, Math.min(before.length, bytes.length)));
    content.set(before.subarray(0, content.length));
    content.set(bytes.subarray(0, written));
    this.files.set(path, { bytes: content, mode });
    this.#stepsLeft -= written;
    if (written < bytes.length) throw new PowerCut('power cut');
  }

  #step(): void {
    if (this.#stepsLeft < 1) throw new PowerCut('power cut');
    this.#stepsLeft--;
  }

  #needPower(): void {
    if (this.#stepsLeft <= 0) throw new PowerCut('power cut');
  }
}

function platformError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
