import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { caError } from './ca-error.ts';

const FILE_BYTES_MAX = 8_000_000;
const OTHERS = 0o077;

/** Who may read a file that is written. */
export type FileSecrecy = 'secret' | 'public';

const MODES: Readonly<Record<FileSecrecy, number>> = { secret: 0o600, public: 0o644 };

/**
 * Writes a file so that after a crash at any moment there is either the old one or the new, on the medium.
 * @param whenThere `refuse`: an existing file is an error, and stays as it is.
 */
export function writeWhole(
  path: string,
  bytes: Uint8Array,
  { secrecy, whenThere }: { readonly secrecy: FileSecrecy; readonly whenThere: 'refuse' | 'replace' },
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = openSync(temporary, 'w', MODES[secrecy]);
    try {
      // The umask doesn't decide on secrecy.
      fchmodSync(file, MODES[secrecy]);
      writeAll(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // A link is made only where nothing is: no race between looking and writing.
    if (whenThere === 'refuse') linkSync(temporary, path);
    else renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw caError(`${path}: expected no such file; it is there. Move it, or name another by --out`);
    throw caError(
      `${path}: can't be written (${code ?? error}); check the path, its owner and the disk`,
      error,
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes all bytes, however many go at once. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** Waits until a directory's names are on the medium. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Reads a regular file of moderate size.
 * @param secrecy `secret`: refused where anybody but its owner may read or write it.
 * @returns undefined where there is none. @throws GridvineError `E_CA`.
 */
export function readWhole(path: string, secrecy: FileSecrecy): Uint8Array | undefined {
  let file: number;
  try {
    // Not blocking: a pipe without a writer would hold us up for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw caError(`${path}: can't be read (${code}); check its owner and mode`, error);
  }
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw caError(`${path}: expected a regular file`);
    if (secrecy === 'secret' && (mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw caError(
        `${path}: expected mode 0600; got ${octal}, so others may have read it. If nobody did: chmod 600 ${path}`,
      );
    }
    if (size > FILE_BYTES_MAX)
      throw caError(`${path}: expected at most ${FILE_BYTES_MAX} bytes; got ${size}`);
    return new Uint8Array(readFileSync(file));
  } finally {
    closeSync(file);
  }
}
