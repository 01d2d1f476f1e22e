import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { plugPty } from '../support/devices/pty.ts';
import { chargerFields, vedirectBlock, vedirectHex } from '../support/devices/vedirect.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { gridvine } from '../unit/device/cli/run.ts';

/** A charger on a serial port: a block each 100 ms, and an answer to every HEX frame. */
async function plugCharger(t: TestContext, path: string) {
  const pty = await plugPty(path);
  const timer = setInterval(() => pty.send(vedirectBlock(chargerFields())), 100);
  pty.onBytes((chunk) => {
    if (chunk.includes(0x3a)) pty.send(vedirectHex(7, [0xdb, 0xed, 0, 0xc4, 0x0c]));
  });
  t.after(async () => {
    clearInterval(timer);
    await pty.unplug();
  });
  return pty;
}

test('a charger on a serial port is read by its source, and its readings come in their units', async (t) => {
  const directory = await temporaryDirectory(t);
  const { path } = await plugCharger(t, join(directory, 'usb-ve'));
  const config = join(directory, 'gridvine.yaml');
  await writeFile(config, `sources:\n  - {kind: vedirect, name: mppt, address: '${path}'}\n`);
  const { code, stdout } = await gridvine([
    'source',
    'test',
    'mppt',
    '--config',
    config,
    '--for',
    '1500ms',
    '--json',
  ]);
  assert.equal(code, 0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const voltage = lines.find(({ key }) => key === 'mppt/battery/voltage');
  assert.deepEqual([voltage?.value, voltage?.unit, voltage?.quality], [12.8, 'V', 'good']);
});

test('gridvine vedirect shows what a device says and answers, without a configuration', async (t) => {
  const { path } = await plugCharger(t, join(await temporaryDirectory(t), 'usb-ve'));
  const { code, stdout } = await gridvine(['vedirect', path, '--for', '800ms', '--get', '0xEDDB'], {
    columns: 80,
  });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /PPV +71 +pv\/power = 71 W/);
  assert.match(stdout, /0xEDDB: c40c charger\/temperature = 32.68 °C/);
  assert.match(stdout, /\d+ blocks/);
});

test('a port where nothing is, or nothing speaks, ends the command with what to do', async (t) => {
  const directory = await temporaryDirectory(t);
  const missing = await gridvine(['vedirect', join(directory, 'usb-ve')]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /there is no .*usb-ve.*by-id/);
  const silent = await plugPty(join(directory, 'usb-ve'));
  t.after(() => silent.unplug());
  const quiet = await gridvine(['vedirect', silent.path, '--for', '300ms']);
  assert.equal(quiet.code, 1);
  assert.match(quiet.stderr, /no byte at all; check plug and cable/);
});

test('a register that is not answered, and noise that looks like a frame, end the command with a fault', async (t) => {
  const { path } = await plugCharger(t, join(await temporaryDirectory(t), 'usb-ve'));
  const unanswered = await gridvine(['vedirect', path, '--for', '800ms', '--get', '0x1234']);
  assert.equal(unanswered.code, 1);
  assert.match(unanswered.stderr, /0x1234: no answer within 800 ms/);
  const noisy = await plugPty(join(await temporaryDirectory(t), 'usb-ve'));
  t.after(() => noisy.unplug());
  const noise = setInterval(() => noisy.send(new TextEncoder().encode(':\n')), 50);
  t.after(() => clearInterval(noise));
  const noisyEnd = await gridvine(['vedirect', noisy.path, '--for', '500ms']);
  assert.equal(noisyEnd.code, 1);
  assert.match(noisyEnd.stderr, /only \d+ bytes that make no sense/);
});

test('a capture of a port that was never open is not left behind', async (t) => {
  const directory = await temporaryDirectory(t);
  const record = join(directory, 'roof.capture');
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, stderr } = await gridvine([
      'source',
      'sniff',
      join(directory, 'usb-ve'),
      '--record',
      record,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /there is no .*usb-ve/);
    assert.equal(existsSync(record), false);
  }
});

test('a gateway that passes a serial line on by TCP serves as well', async (t) => {
  const server = createServer((socket) => {
    const timer = setInterval(() => socket.write(vedirectBlock(chargerFields())), 50);
    socket.on('close', () => clearInterval(timer));
    socket.on('error', () => {});
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, stdout } = await gridvine([
    'vedirect',
    `tcp://127.0.0.1:${port}`,
    '--for',
    '500ms',
    '--json',
  ]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout.split('\n')[0] ?? '').fields.PID, '0xA053');
});
