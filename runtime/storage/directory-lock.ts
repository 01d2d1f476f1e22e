import { readFileSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { GridvineError } from '../core/errors.ts';

const SQLITE_BUSY = 5;
/** Where SQLite's file locks begin (its file format, section 1.3.2 "lock-byte page"). */
const PENDING_BYTE = 1_073_741_824;

/**
 * An exclusive lock on a directory that the kernel holds for this process: it ends with the process, however that ends, and
 * counts across network namespaces and containers that share the file system. Node has no file locks of its own, so an exclusive
 * transaction on an empty SQLite file serves (`fcntl` underneath); nothing is ever written to it. Nobody else in this process may open
 * that file: closing any descriptor of it would drop the lock (fcntl(2)).
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws GridvineError `E_DATA_DIR_IN_USE` where somebody holds it, `E_DATA_DIR` where it can't be locked at all. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const path = `${directory}/lock`;
    const { DatabaseSync } = await import('node:sqlite');
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new DirectoryLock(database);
    } catch (error) {
      closeQuietly(database);
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY)
        throw new GridvineError(
          'E_DATA_DIR',
          `${path}: expected a file that this process can lock; got: ${(error as Error).message}. Check the directory's owner, or remove this file`,
          { cause: error },
        );
      const pid = holderOf(path);
      const holder = pid === undefined ? 'another process' : `process ${pid}`;
      throw new GridvineError(
        'E_DATA_DIR_IN_USE',
        `${directory}: ${holder} uses this data directory; stop it, or choose another data directory for this daemon`,
        { cause: error },
      );
    }
  }

  /** Idempotent. */
  release(): void {
    closeQuietly(this.#database);
  }
}

function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch {
    // Closed before.
  }
}

/** The process that holds the lock, as far as the kernel tells; only for the message. */
function holderOf(path: string): number | undefined {
  try {
    const { ino } = statSync(path);
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const match = /WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s+(\d+)/.exec(line);
      if (match === null || Number(match[2]) !== ino || Number(match[3]) < PENDING_BYTE) continue;
      if (Number(match[1]) > 0) return Number(match[1]);
    }
  } catch {
    // No /proc, or not allowed to read it.
  }
  return undefined;
}
