import { GridvineError } from '../core/errors.ts';
import type { FilePort } from './file-port.ts';
import { fileErrorCode } from './notice.ts';

/** All that a node keeps in its data directory, secrets first. A file that isn't named here outlives a reset. */
export const STATE_FILES = [
  'identity.json',
  'trust.json',
  'keyring.json',
  'state.db',
  'state.db-wal',
  'state.db-journal',
  'state.json',
  'records.json',
  'leases.json',
  'fleet.json',
  'events.json',
  'events-a.json',
  'events-b.json',
  'peers.json',
  'boot-a.json',
  'boot-b.json',
  'node.cert',
] as const;

/** Beside each: what was being written when the power failed, damaged ones, those that were replaced, and a log that was kept. */
const ASIDE = /^(\.tmp|\.stay|\.(corrupt|replaced)-\d+(-wal)?)?$/;

export interface WipeOptions {
  readonly files: FilePort;
  /** Held by the caller. */
  readonly directory: string;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface Wiped {
  /** Names of the files that are gone. */
  readonly wiped: readonly string[];
  /** Names of those among them that couldn't be overwritten first: on the medium their content is as it was. */
  readonly notOverwritten: readonly string[];
}

/** The files of a node's state in a directory, in the order in which they are to be wiped. */
export async function stateFilesIn(files: FilePort, directory: string): Promise<string[]> {
  const names = (await files.list(directory)).sort();
  return STATE_FILES.flatMap((stem) =>
    names.filter((name) => name.startsWith(stem) && ASIDE.test(name.slice(stem.length))),
  );
}

/**
 * Overwrites each file of a node's state and removes it; other files stay. On flash an overwritten block may live on where only the
 * medium's own controller sees it: no program can promise more.
 * @throws GridvineError `E_DATA_DIR` where one can't be removed; those before it are gone.
 */
export async function wipeState({ files, directory, randomBytes }: WipeOptions): Promise<Wiped> {
  const names = await stateFilesIn(files, directory);
  const notOverwritten: string[] = [];
  for (const [done, name] of names.entries()) {
    const path = `${directory}/${name}`;
    try {
      const { length } = (await files.read(path)) ?? new Uint8Array(0);
      await files.overwriteSynced(path, randomBytes(length));
    } catch {
      notOverwritten.push(name);
    }
    try {
      await files.remove(path);
    } catch (error) {
      throw new GridvineError(
        'E_DATA_DIR',
        `${path}: can't be removed (${fileErrorCode(error)}); gone before it: ${names.slice(0, done).join(', ') || 'nothing'}. Check the directory's owner and that its file system is mounted writable, then run this again`,
        { cause: error },
      );
    }
  }
  return { wiped: names, notOverwritten };
}
