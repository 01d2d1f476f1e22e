import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { replaceFile } from '#runtime/storage/file-port.ts';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { holdDirectory } from '../../../support/hold-directory.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

test('a missing data directory is made for its user alone', async (t) => {
  const path = join(await temporaryDirectory(t), 'state', 'gridvine');
  const dataDir = await DataDir.open(path);
  t.after(() => dataDir.close());
  assert.equal((await stat(path)).mode & 0o777, 0o700);
});

test('a second node of the same process is refused', async (t) => {
  const path = await temporaryDirectory(t);
  const first = await DataDir.open(path);
  await assert.rejects(DataDir.open(path), { code: 'E_DATA_DIR_IN_USE' });
  first.close();
  first.close();
  (await DataDir.open(path)).close();
});

test('a directory that another process holds is refused, naming directory and process', async (t) => {
  const path = await temporaryDirectory(t);
  const { child, said } = await holdDirectory(t, path);
  assert.equal(said, 'locked');
  await assert.rejects(DataDir.open(path), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'E_DATA_DIR_IN_USE');
    assert.ok(
      error.message.startsWith(`${path}: process ${child.pid} uses this data directory`),
      error.message,
    );
    return true;
  });
});

// B-136
test('a holder that was killed leaves no lock behind', async (t) => {
  const path = await temporaryDirectory(t);
  const { child } = await holdDirectory(t, path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await DataDir.open(path)).close();
});

test('a file in the way is an error that says what to do', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, 'x');
  await assert.rejects(DataDir.open(path), { code: 'E_DATA_DIR', message: /a file is in the way\. Move it/ });
  await assert.rejects(DataDir.open(join(path, 'below')), {
    code: 'E_DATA_DIR',
    message: /file is in the way/,
  });
});

test('a directory that this user can not write is an error that says what to do', async (t) => {
  const path = await temporaryDirectory(t);
  await chmod(path, 0o500);
  const { said } = await holdDirectory(t, path, { rights: 'unprivileged' });
  assert.match(said, /^E_DATA_DIR .*permission denied\. Change its owner or mode/);
});

test('a directory of the kernel that nobody can write is an error', async () => {
  await assert.rejects(DataDir.open('/proc/gridvine'), {
    code: 'E_DATA_DIR',
    message: /\/proc\/gridvine: expected a directory/,
  });
});

test('a lock file with foreign content is an error, not a crash', async (t) => {
  const path = await temporaryDirectory(t);
  await writeFile(join(path, 'lock'), 'not a lock, '.repeat(100));
  await assert.rejects(DataDir.open(path), { code: 'E_DATA_DIR', message: /remove this file/ });
});

test('files are written privately, replaced whole, and absent ones read as such', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'state.json');
  assert.equal(await nodeFiles.read(path), undefined);
  assert.equal(await nodeFiles.modeOf(path), undefined);
  await replaceFile(nodeFiles, path, new TextEncoder().encode('a longer first text'));
  await replaceFile(nodeFiles, path, new TextEncoder().encode('second'));
  assert.equal(await nodeFiles.modeOf(path), 0o600);
  await nodeFiles.overwriteSynced(path, new TextEncoder().encode('3rd'));
  assert.equal(String(Buffer.from((await nodeFiles.read(path)) ?? [])), '3rd');
  assert.deepEqual(await nodeFiles.list(directory), ['state.json']);
  await nodeFiles.remove(path);
  await nodeFiles.remove(path);
});
