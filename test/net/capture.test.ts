import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serveModbus } from '../support/devices/modbus.ts';
import { plugPty } from '../support/devices/pty.ts';
import { inverterModels, sunspecDevice } from '../support/devices/sunspec.ts';
import { chargerFields, vedirectBlock } from '../support/devices/vedirect.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { gridvine } from '../unit/device/cli/run.ts';

/** A directory with a configuration of one source. */
async function configured(t: TestContext, source: string) {
  const directory = await temporaryDirectory(t);
  const config = join(directory, 'gridvine.yaml');
  await writeFile(config, `sources:\n  - ${source}\n`);
  return { directory, config, capture: join(directory, 'roof.capture') };
}

const readings = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.includes(' = '))
    .sort();

test('what was recorded of an inverter is played without it, with the same readings', async (t) => {
  const port = await serveModbus(t, new Map([[1, sunspecDevice(inverterModels())]]));
  const { config, capture } = await configured(
    t,
    `{kind: sunspec, name: roof, address: 'tcp://127.0.0.1:${port}', interval: 1s, readingsPerSecond: 1000}`,
  );
  const test = ['source', 'test', 'roof', '--config', config];
  const live = await gridvine([...test, '--for', '1500ms', '--record', capture]);
  assert.equal(live.code, 0, live.stderr);
  assert.match(
    await readFile(capture, 'utf8'),
    /^{"format":"gridvine.capture\/1","address":"tcp:\/\/127.0.0.1:\d+"/,
  );
  const played = await gridvine([...test, '--for', '20s', '--replay', capture]);
  assert.equal(played.code, 0, played.stderr);
  assert.deepEqual(readings(played.stdout), readings(live.stdout));
  const again = await gridvine([...test, '--record', capture]);
  assert.deepEqual([again.code, again.stderr.includes('is there already')], [1, true]);
});

test('a port is sniffed by its address or its source, with what is recognised there', async (t) => {
  const { directory, config, capture } = await configured(t, 'PLACEHOLDER');
  const pty = await plugPty(join(directory, 'usb-ve'));
  const timer = setInterval(() => pty.send(vedirectBlock(chargerFields())), 100);
  t.after(async () => {
    clearInterval(timer);
    await pty.unplug();
  });
  await writeFile(config, `sources:\n  - {kind: vedirect, name: mppt, address: '${pty.path}'}\n`);
  const byName = await gridvine([
    'source',
    'sniff',
    'mppt',
    '--config',
    config,
    '--for',
    '500ms',
    '--record',
    capture,
  ]);
  assert.equal(byName.code, 0, byName.stderr);
  assert.match(byName.stdout, /0d 0a 50 49 44 09/);
  assert.match(byName.stdout, /= VE\.Direct block of 19 fields/);
  const played = await gridvine([
    'source',
    'test',
    'mppt',
    '--config',
    config,
    '--replay',
    capture,
    '--speed',
    '100',
  ]);
  assert.equal(played.code, 0, played.stderr);
  assert.match(played.stdout, /mppt\/pv\/power = 71 W/);
  const byPath = await gridvine([
    'source',
    'sniff',
    pty.path,
    '--baud-rate',
    '19200',
    '--for',
    '300ms',
    '--json',
  ]);
  assert.equal(JSON.parse(byPath.stdout.split('\n')[0] ?? '').schema, 'gridvine.sniff/1');
  const silent = await plugPty(join(directory, 'usb-quiet'));
  t.after(() => silent.unplug());
  const quiet = await gridvine(['source', 'sniff', silent.path, '--for', '100ms']);
  assert.match(quiet.stderr, /no byte came within 100 ms/);
});

test('a capture that is none, and a source without a port, are refused with the reason', async (t) => {
  const { config, capture } = await configured(t, '{kind: system}');
  const system = await gridvine(['source', 'test', 'system', '--config', config, '--record', capture]);
  assert.deepEqual(
    [system.code, system.stderr],
    [2, 'gridvine: --record, --replay: the source system (system) has no port\n'],
  );
  await writeFile(config, "sources:\n  - {kind: vedirect, name: mppt, address: 'tcp://127.0.0.1:1'}\n");
  await writeFile(capture, 'hello\n');
  const none = await gridvine(['source', 'test', 'mppt', '--config', config, '--replay', capture]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /roof\.capture: line 1: expected the head of a gridvine\.capture\/1 file/);
});
