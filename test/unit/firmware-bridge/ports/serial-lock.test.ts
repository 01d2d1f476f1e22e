import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { lockSerial } from '#bridge/ports/serial-lock.ts';
import { projectPath } from '../../../../scripts/release/project.ts';
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
  for (const stale of ['4194304999\n', 'what is this', '', '\xff\xff\xff\x7f']) {
    writeFileSync(path, stale, 'latin1');
    utimesSync(path, 1, 1);
    const lock = await lockSerial('/dev/ttyUSB0', directory);
    assert.ok(lock.kind === 'held' && lock.isKept, stale);
    assert.equal(Number(readFileSync(path, 'utf8')), process.pid, stale);
    assert.deepEqual(readdirSync(directory), ['LCK..ttyUSB0']);
  }
});

test('a lock that says too little is somebody, as long as it may be half written', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'LCK..ttyUSB0');
  writeFileSync(path, '');
  assert.deepEqual(await lockSerial('/dev/ttyUSB0', directory), { kind: 'busy', pid: undefined });
  // As minicom and as old programs write it.
  const binary = Buffer.alloc(4);
  binary.writeUInt32LE(process.ppid);
  for (const text of [`${process.ppid} minicom root\n`, binary]) {
    writeFileSync(path, text);
    utimesSync(path, 1, 1);
    assert.deepEqual(await lockSerial('/dev/ttyUSB0', directory), { kind: 'busy', pid: process.ppid });
  }
});

test('of several programs that find the lock of a dead one, one takes it over', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, 'LCK..ttyUSB0');
  const module = pathToFileURL(projectPath('firmware-bridge/ports/serial-lock.ts')).href;
  const script = `import { lockSerial } from ${JSON.stringify(module)};
    const { kind, isKept } = await lockSerial('/dev/ttyUSB0', process.argv[1]);
    process.stdout.write(kind === 'held' && isKept ? 'held' : 'busy');
    process.stdin.on('data', () => {}).on('end', () => process.exit(0));`;
  writeFileSync(path, '4194304999\n');
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const said = await Promise.all(
    children.map(
      (child) => new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text)))),
    ),
  );
  const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of children) child.stdin.end();
  await Promise.all(ended);
  assert.deepEqual(said.toSorted(), ['busy', 'busy', 'busy', 'held']);
});

test('where locks can not be written, the port is used without', async (t) => {
  const lock = await lockSerial('/dev/ttyUSB0', join(await temporaryDirectory(t), 'missing'));
  assert.ok(lock.kind === 'held' && !lock.isKept);
  await lock.release();
});
