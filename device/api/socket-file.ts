import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { GridvineError } from '#runtime/core/errors.ts';

const SOCKET_MODE = 0o660;
const DIRECTORY_MODE = 0o750;
const PROBE_MS = 1_000;

/**
 * Listens on a unix socket that its owner and group may use, and makes its directory where that is missing. The socket of
 * a daemon that is gone is replaced; one where somebody answers, and anything that is no socket, is left alone.
 * @throws GridvineError `E_SOCKET`, with nothing changed but perhaps the directory made.
 */
export async function listenOnSocket(server: Server, path: string, group?: string): Promise<void> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    await clearStaleSocket(path);
    await listen(server, path);
  } catch (error) {
    if (error instanceof GridvineError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new GridvineError(
      'E_SOCKET',
      `socket ${path}: can't listen there: ${code}; give another with --socket PATH`,
      {
        cause: error,
      },
    );
  }
  giveToGroup(path, group);
}

/**
 * Whether `listenOnSocket` would find somebody else there; changes nothing.
 * @throws GridvineError `E_SOCKET` where another daemon listens there, or another file is in the way.
 */
export async function checkSocketFree(path: string): Promise<void> {
  try {
    await staleSocketAt(path);
  } catch (error) {
    // Whatever else is wrong with the path, `listenOnSocket` words better.
    if (error instanceof GridvineError) throw error;
  }
}

async function clearStaleSocket(path: string): Promise<void> {
  const found = await staleSocketAt(path);
  // Only the file that was looked at: another daemon may have put its own there meanwhile.
  if (found !== undefined && statOf(path)?.ino === found.ino) unlinkSync(path);
}

async function staleSocketAt(path: string): Promise<Stats | undefined> {
  const found = statOf(path);
  if (found === undefined) return undefined;
  if (!found.isSocket()) {
    throw new GridvineError(
      'E_SOCKET',
      `socket ${path}: expected a socket or nothing; got another file; move it away`,
    );
  }
  if (await isAnswered(path)) {
    throw new GridvineError(
      'E_SOCKET',
      `socket ${path}: another daemon listens there; stop it, or give this one its own with --socket PATH`,
    );
  }
  return found;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The file is made inside listen(): it never exists with wider permissions than these.
    const before = process.umask(0o777 & ~SOCKET_MODE);
    try {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** True where something accepts connections. A refusal says for sure that nobody does; any other fault counts as somebody. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(PROBE_MS, () => answer(true));
    socket.once('connect', () => answer(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function giveToGroup(path: string, group: string | undefined): void {
  chmodSync(path, SOCKET_MODE);
  const id = group === undefined ? undefined : groupId(group);
  if (id === undefined || process.getuid?.() !== 0) return;
  chownSync(path, 0, id);
}

function groupId(name: string): number | undefined {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    const id = Number(line?.split(':')[2]);
    return Number.isInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
