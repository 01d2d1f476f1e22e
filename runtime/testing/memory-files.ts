import type { FilePort } from '../storage/file-port.ts';

/** Files in memory, one directory level deep or many: gone with the process. */
export class MemoryFiles implements FilePort {
  readonly #files = new Map<string, Uint8Array>();
  readonly #locked = new Set<string>();

  async lock(directory: string): Promise<() => void> {
    if (this.#locked.has(directory)) throw Object.assign(new Error('locked'), { code: 'EBUSY' });
    this.#locked.add(directory);
    return () => void this.#locked.delete(directory);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#files.get(path)?.slice();
  }

  async writeSynced(path: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(path, bytes.slice());
  }

  async overwriteSynced(path: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(path, bytes.slice());
  }

  async rename(from: string, to: string): Promise<void> {
    const bytes = this.#files.get(from);
    if (bytes === undefined) throw Object.assign(new Error(`${from}: no such file`), { code: 'ENOENT' });
    this.#files.delete(from);
    this.#files.set(to, bytes);
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  async list(directory: string): Promise<string[]> {
    const prefix = `${directory}/`;
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length));
  }

  async modeOf(path: string): Promise<number | undefined> {
    return this.#files.has(path) ? 0o600 : undefined;
  }
}
