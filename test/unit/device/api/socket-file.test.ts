import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { checkSocketFree, listenOnSocket } from '#device/api/socket-file.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

function server(t: TestContext): Server {
  const made = createServer((socket) => socket.end());
  t.after(() => made.close());
  return made;
}

/** Leaves a socket file behind that nobody listens on, as a killed daemon does. */
function leaveStaleSocket(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(existsSync(path), 'the stale socket was not made');
}

describe('the API socket', () => {
  test('is made for owner and group, in a directory that is made too', async (t) => {
    // B-127
    const directory = join(await temporaryDirectory(t), 'gridvine');
    const path = join(directory, 'api.sock');
    await listenOnSocket(server(t), path);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal(statSync(directory).mode & 0o777 & ~0o750, 0);
  });

  test('leaves the mode of a directory that is there', async (t) => {
    const directory = join(await temporaryDirectory(t), 'mine');
    mkdirSync(directory, { mode: 0o755 });
    await listenOnSocket(server(t), join(directory, 'api.sock'));
    assert.equal(statSync(directory).mode & 0o777, 0o755);
  });

  test("leaves the process's umask as it was", async (t) => {
    const before = process.umask();
    await listenOnSocket(server(t), join(await temporaryDirectory(t), 'api.sock'));
    assert.equal(process.umask(), before);
  });

  test('replaces that of a daemon that is gone', async (t) => {
    const path = join(await temporaryDirectory(t), 'api.sock');
    leaveStaleSocket(path);
    await listenOnSocket(server(t), path);
    assert.ok(statSync(path).isSocket());
  });

  test('is refused while another daemon listens there, which goes on undisturbed', async (t) => {
    const path = join(await temporaryDirectory(t), 'api.sock');
    const first = server(t);
    await listenOnSocket(first, path);
    const inode = statSync(path).ino;
    await assert.rejects(listenOnSocket(server(t), path), {
      code: 'E_SOCKET',
      message: /another daemon listens there; stop it, or give this one its own with --socket PATH/,
    });
    assert.ok(first.listening);
    assert.equal(statSync(path).ino, inode);
  });

  test('is known to be in use before anything else is done, and nothing is changed by asking', async (t) => {
    const path = join(await temporaryDirectory(t), 'api.sock');
    await checkSocketFree(path);
    leaveStaleSocket(path);
    await checkSocketFree(path);
    assert.ok(existsSync(path));
    await listenOnSocket(server(t), path);
    await assert.rejects(checkSocketFree(path), {
      code: 'E_SOCKET',
      message: /another daemon listens there/,
    });
    await checkSocketFree(join('/dev/null', 'api.sock'));
  });

  test('never replaces a file that is no socket', async (t) => {
    const path = join(await temporaryDirectory(t), 'api.sock');
    writeFileSync(path, 'precious');
    await assert.rejects(listenOnSocket(server(t), path), { code: 'E_SOCKET', message: /got another file/ });
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  test('a directory that cannot be made is an error that names the socket', async (t) => {
    const directory = await temporaryDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    await assert.rejects(listenOnSocket(server(t), join(directory, 'file', 'api.sock')), {
      code: 'E_SOCKET',
      message: /api\.sock: can't listen there: (ENOTDIR|EEXIST); give another with --socket PATH/,
    });
  });
});
