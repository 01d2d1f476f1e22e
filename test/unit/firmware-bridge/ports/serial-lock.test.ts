import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { lockSerial } from '#bridge/ports/serial-lock.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

test('a lock says who holds the port, as other programs read it, and goes with its release', async (t) => {
  const directory = await temporaryDirectory(t);
  const lock = await lockSerial('/dev/ttyUSB0', directory);
  const path = join(directory, 'LCK..ttyUSB0');
  assert.equal(readFileSync(path, 'utf8'), `${String(process.pid).padStart(10)}\n`);
  assert.ok(lock.kind === 'held');
  await lock.release();
  assert.equal(existsSync(path), false);
});

test('the lock of a living program is kept, and that of a dead one taken over', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'LCK..ttyUSB0');
  writeFileSync(path, `${String(process.ppid).padStart(10)}\n`);
  assert.deepEqual(await lockSerial('/dev/ttyUSB0', directory), { kind: 'busy', pid: process.ppid });
  for (const stale of ['4194304999\n', 'what is this', '']) {
    writeFileSync(path, stale);
    const lock = await lockSerial('/dev/ttyUSB0', directory);
    assert.equal(lock.kind, 'held', stale);
    assert.equal(Number(readFileSync(path, 'utf8')), process.pid, stale);
  }
});

test('where locks can not be written, the port is used without', async (t) => {
  const lock = await lockSerial('/dev/ttyUSB0', join(await temporaryDirectory(t), 'missing'));
  assert.ok(lock.kind === 'held');
  await lock.release();
});
