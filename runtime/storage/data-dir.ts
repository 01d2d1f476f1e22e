import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GridvineError } from '../core/errors.ts';
import { DirectoryLock } from './directory-lock.ts';
import type { FilePort } from './file-port.ts';
import { nodeFiles } from './node-files.ts';
import { fileErrorCode } from './notice.ts';

/** A node's directory, held by this process alone until `close`. */
export class DataDir {
  /** Absolute. */
  readonly path: string;
  readonly files: FilePort;
  readonly #lock: Pick<DirectoryLock, 'release'>;

  private constructor(path: string, files: FilePort, lock: Pick<DirectoryLock, 'release'>) {
    this.path = path;
    this.files = files;
    this.#lock = lock;
  }

  /**
   * Opens the directory, making it (mode 0700) where it isn't there, and locks it.
   * @throws GridvineError `E_DATA_DIR` where it can't be made or written, `E_DATA_DIR_IN_USE` where another process has it.
   */
  static async open(directory: string, files: FilePort = nodeFiles): Promise<DataDir> {
    if (files.lock !== undefined) return DataDir.#held(directory, files);
    const path = resolve(directory);
    try {
      await makeDirectory(path);
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new GridvineError('E_DATA_DIR', `${path}: ${explain(fileErrorCode(error))}`, { cause: error });
    }
    return new DataDir(path, files, await DirectoryLock.acquire(path));
  }

  static async #held(directory: string, files: FilePort): Promise<DataDir> {
    try {
      const release = await files.lock?.(directory);
      return new DataDir(directory, files, { release: () => release?.() });
    } catch (error) {
      const what = `expected a directory that nobody else holds; got ${fileErrorCode(error)}`;
      throw new GridvineError('E_DATA_DIR_IN_USE', `${directory}: ${what}`, { cause: error });
    }
  }

  close(): void {
    this.#lock.release();
  }
}

/** Not `mkdir` with `recursive`: Node 24 never returns from it where a parent refuses by ENOENT, as `/proc` does. */
async function makeDirectory(path: string): Promise<void> {
  const attempt = () => mkdir(path, { mode: 0o700 });
  await attempt()
    .catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
      await makeDirectory(dirname(path));
      await attempt();
    })
    .catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
}

function explain(code: string): string {
  const expected = 'expected a directory that this user can write';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `${expected}; permission denied. Change its owner or mode, or choose another data directory`;
    case 'EROFS':
      return `${expected}; its file system is mounted read-only. Mount it writable, or choose another data directory`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${expected}; a file is in the way. Move it, or choose another data directory`;
    case 'ENOSPC':
      return `${expected}; the file system is full. Free some space, or choose another data directory`;
    default:
      return `${expected}; got ${code}. Choose another data directory`;
  }
}
