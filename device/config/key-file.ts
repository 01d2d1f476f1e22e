import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { GridvineError } from '#runtime/core/errors.ts';

export const KEY_BYTES = 32;
const FILE_BYTES_MAX = 1024;
const OTHERS_OR_GROUP_WRITE = 0o037;
const MAKE_ONE =
  'make one with: (umask 077; gridvine keygen > FILE), and copy it to every board of the cluster';

const NEXT_STEP: Readonly<Record<string, string>> = {
  ENOENT: MAKE_ONE,
  EACCES: "let the daemon's user read it: change the file's owner, or run the daemon as its owner",
};

/**
 * Reads the cluster's pre-shared key: 32 bytes as base64 in a file that only its owner can read (0600 or stricter). The
 * group may be allowed to read it too (0640), as the packaged service does: there the file belongs to root and the group
 * `gridvine`, so that the daemon can read it and not change it.
 * @throws GridvineError `E_KEY_FILE`, never with a part of the file's content in its message.
 */
export function readKeyFile(path: string | undefined): Uint8Array {
  if (path === undefined) {
    throw new GridvineError(
      'E_KEY_FILE',
      `keyFile: expected the path of a key file; got nothing; ${MAKE_ONE}`,
    );
  }
  const bytes = decode(path, readText(path));
  if (bytes.length !== KEY_BYTES) {
    throw new GridvineError(
      'E_KEY_FILE',
      `keyFile ${path}: expected ${KEY_BYTES} bytes as base64; got ${bytes.length} bytes; ${MAKE_ONE}`,
    );
  }
  return bytes;
}

function readText(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    checkMode(path, fstatSync(file).mode);
    const buffer = Buffer.alloc(FILE_BYTES_MAX);
    return buffer.toString('latin1', 0, readSync(file, buffer));
  } catch (error) {
    throw error instanceof GridvineError ? error : unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function checkMode(path: string, mode: number): void {
  // Anything but a regular file may never end (a device) or hold the start back (a pipe).
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
    throw new GridvineError('E_KEY_FILE', `keyFile ${path}: expected a regular file; ${MAKE_ONE}`);
  }
  if ((mode & OTHERS_OR_GROUP_WRITE) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw new GridvineError(
      'E_KEY_FILE',
      `keyFile ${path}: expected mode 0600 (or 0640 with a group of its own); got ${octal}; run: chmod 600 ${path}`,
    );
  }
}

function decode(path: string, text: string): Uint8Array {
  const compact = text.trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    throw new GridvineError(
      'E_KEY_FILE',
      `keyFile ${path}: expected ${KEY_BYTES} bytes as base64; got something else; ${MAKE_ONE}`,
    );
  }
  return new Uint8Array(Buffer.from(compact, 'base64'));
}

function unreadable(path: string, error: unknown): GridvineError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const next = NEXT_STEP[code] ?? 'check the path';
  return new GridvineError('E_KEY_FILE', `keyFile ${path}: expected a readable file; got ${code}; ${next}`, {
    cause: error,
  });
}
