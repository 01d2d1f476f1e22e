import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FILE_BYTES_MAX } from '#bridge/limits.ts';
import { nodeFiles } from '#bridge/ports/node-files.ts';

test('files, directories and sizes are read below the root that was given', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'gridvine-files-'));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'sys/class'), { recursive: true });
  await writeFile(join(root, 'sys/class/temp'), '51540\n');
  await writeFile(join(root, 'sys/class/big'), 'x'.repeat(FILE_BYTES_MAX + 5));
  const files = nodeFiles(root);
  assert.deepEqual(await files.readText('/sys/class/temp'), { ok: true, value: '51540\n' });
  assert.deepEqual(await files.list('/sys/class'), { ok: true, value: ['big', 'temp'] });
  const big = await files.readText('/sys/class/big');
  assert.equal(big.ok && big.value.length, FILE_BYTES_MAX);
  const size = await files.fileSystemSize('/sys');
  assert.ok(size.ok && size.value.totalBytes > 0 && size.value.freeBytes >= size.value.availableBytes);
});

test('what is not there is absent, and what is no file fails, without an exception', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'gridvine-files-'));
  t.after(() => rm(root, { recursive: true }));
  const files = nodeFiles(root);
  for (const result of [
    await files.readText('/x'),
    await files.list('/x'),
    await files.fileSystemSize('/x/y'),
  ]) {
    assert.equal(!result.ok && result.fault, 'absent');
  }
  const directory = await files.readText('/');
  assert.equal(!directory.ok && directory.fault, 'failed');
});

test('the files of the kernel, which say that they are empty, are read whole', async () => {
  const uptime = await nodeFiles('/').readText('/proc/uptime');
  assert.match(uptime.ok ? uptime.value : '', /^\d+\.\d+ \d+\.\d+\n$/);
});
