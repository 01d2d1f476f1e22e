import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import {
  answerRtu,
  answerTcp,
  ModbusDevice,
  type ModbusUnits,
  serveModbus,
} from '../support/devices/modbus.ts';
import { plugPty } from '../support/devices/pty.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { gridvine } from '../unit/device/cli/run.ts';

function devices(): ModbusUnits {
  const meter = new ModbusDevice()
    .load('holding', 0, [2300, 0xff9c, 0x4366, 0x8000, 0x5344, 0x4d00])
    .load('input', 0, [1, 2, 3]);
  for (let i = 0; i < 10; i++) meter.coils.set(i, i % 3 === 0);
  return new Map([
    [1, meter],
    [7, new ModbusDevice().load('holding', 100, [5])],
  ]);
}

/** A serial line with the devices on it. */
async function plugBus(t: TestContext, path: string, units: ModbusUnits): Promise<string> {
  const pty = await plugPty(path);
  t.after(() => pty.unplug());
  pty.onBytes((request) => {
    const answer = answerRtu(units, request);
    // A line cuts frames anywhere.
    if (answer === undefined) return;
    pty.send(answer.subarray(0, 3));
    pty.send(answer.subarray(3));
  });
  return pty.path;
}

/** A master that shares no code with us. It prints `[10]: \t2300` for each value. */
async function mbpoll(...args: readonly string[]): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('mbpoll', ['-0', '-1', '-q', ...args]).catch((error) => {
    if (error.code === 'ENOENT') throw new Error('mbpoll is missing: apt-get install mbpoll');
    throw error;
  });
  return [...stdout.matchAll(/^\[\d+\]:\s+(-?[\d.]+)/gm)].map(([, value]) => Number(value));
}

test('the simulated devices answer a master of another make as they answer us, by TCP and by serial line', async (t) => {
  const units = devices();
  const port = await serveModbus(t, units);
  const path = await plugBus(t, join(await temporaryDirectory(t), 'usb-rs485'), units);
  const byTcp = ['-m', 'tcp', '-p', String(port), '127.0.0.1'];
  const byLine = ['-m', 'rtu', '-b', '9600', '-P', 'none', path];
  for (const [bus, address] of [
    [byTcp, `tcp://127.0.0.1:${port}`],
    [byLine, path],
  ] as const) {
    assert.deepEqual(await mbpoll('-a', '1', '-t', '4', '-r', '0', '-c', '2', ...bus), [2300, 65_436]);
    assert.deepEqual(await mbpoll('-a', '1', '-t', '4:float', '-B', '-r', '2', '-c', '1', ...bus), [230.5]);
    const ours = await gridvine(['modbus', 'read', address, '--at', '0', '--count', '2', '--json']);
    assert.deepEqual(
      JSON.parse(ours.stdout).values.map(({ value }: { value: number }) => value),
      [2300, 65_436],
    );
    const float = await gridvine(['modbus', 'read', address, '--at', '2', '--type', 'f32', '--json']);
    assert.deepEqual(JSON.parse(float.stdout).values, [{ at: 2, raw: '43668000', value: 230.5 }]);
    const coils = await gridvine([
      'modbus',
      'read',
      address,
      '--at',
      '0',
      '--count',
      '10',
      '--table',
      'coil',
    ]);
    assert.equal(coils.stdout.match(/true/g)?.length, 4);
    assert.deepEqual(
      (await mbpoll('-a', '1', '-t', '0', '-r', '0', '-c', '10', ...bus)).filter(Boolean).length,
      4,
    );
  }
});

test('a scan names every unit that answers in whatever way', async (t) => {
  const units = devices();
  const path = await plugBus(t, join(await temporaryDirectory(t), 'usb-rs485'), units);
  const { code, stdout } = await gridvine(['modbus', 'scan', path, '--unit-ids', '1,7,8', '--timeout', '1s']);
  assert.equal(code, 0);
  assert.equal(stdout, 'unit 1 answers: holding register 0 is 2300\nunit 7 answers: illegal address\n');
  const port = await serveModbus(t, units, 'rtu');
  const gateway = [
    'modbus',
    'scan',
    `rtu+tcp://127.0.0.1:${port}`,
    '--unit-ids',
    '7,20,1',
    '--timeout',
    '1s',
  ];
  assert.equal((await gridvine(gateway)).stdout.match(/^unit \d+/gm)?.join(), 'unit 7,unit 1');
  const none = await gridvine(['modbus', 'scan', path, '--unit-ids', '20', '--timeout', '50ms', '--json']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /none of 1 unit ids answers; check wiring/);
});

test('a device that closes after each refusal is scanned to the end', async (t) => {
  const units = devices();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (request: Uint8Array) => {
      const answer = answerTcp(units, request);
      if ((answer[7] ?? 0) & 0x80) socket.end(answer);
      else socket.write(answer);
    });
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, stdout } = await gridvine(['modbus', 'scan', `tcp://127.0.0.1:${port}`, '--unit-ids', '7,1']);
  assert.equal(code, 0);
  assert.equal(stdout, 'unit 7 answers: illegal address\nunit 1 answers: holding register 0 is 2300\n');
});

test('what a device refuses, and one that is not there, ends the command with the reason', async (t) => {
  const port = await serveModbus(t, devices(), 'rtu');
  const address = `rtu+tcp://127.0.0.1:${port}`;
  const text = await gridvine(['modbus', 'read', address, '--at', '4', '--count', '2', '--type', 'text']);
  assert.match(text.stdout, /SDM/);
  const refused = await gridvine(['modbus', 'read', address, '--at', '900']);
  assert.deepEqual([refused.code, refused.stderr], [1, 'gridvine: unit 1 refuses: illegal address\n']);
  const silent = await gridvine([
    'modbus',
    'read',
    address,
    '--at',
    '0',
    '--unit-id',
    '3',
    '--timeout',
    '50ms',
  ]);
  assert.match(silent.stderr, /unit 3 does not answer/);
  const closed = await gridvine(['modbus', 'read', 'tcp://127.0.0.1:1', '--at', '0']);
  assert.equal(closed.code, 1);
  assert.match(closed.stderr, /ECONNREFUSED.*accepts connections/);
});

test('a source reads its registers by TCP, from its configuration', async (t) => {
  const port = await serveModbus(t, devices());
  const config = join(await temporaryDirectory(t), 'gridvine.yaml');
  await writeFile(
    config,
    `sources:
  - kind: modbus
    name: meter
    address: tcp://127.0.0.1:${port}
    interval: 500ms
    registers:
      - {key: voltage, at: 2, type: f32, unit: V}
      - {key: current, at: 0, scale: 0.01, unit: A, decimals: 2}
`,
  );
  const { code, stdout } = await gridvine(['source', 'test', 'meter', '--config', config, '--for', '1s']);
  assert.equal(code, 0);
  assert.match(stdout, /meter\/current = 23 A\nmeter\/voltage = 230.5 V/);
});
