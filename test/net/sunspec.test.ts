import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { serveModbus } from '../support/devices/modbus.ts';
import { inverterModels, sunspecDevice } from '../support/devices/sunspec.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { gridvine } from '../unit/device/cli/run.ts';

test('what is dumped of a simulated inverter is what a master of another make reads there', async (t) => {
  const port = await serveModbus(t, new Map([[126, sunspecDevice(inverterModels())]]));
  const { code, stdout } = await gridvine([
    'sunspec',
    'dump',
    `tcp://127.0.0.1:${port}`,
    '--unit-id',
    '126',
    '--json',
  ]);
  assert.equal(code, 0);
  const { models } = JSON.parse(stdout);
  assert.deepEqual(
    models.map(({ id, address, length }: Record<string, number>) => [id, address, length]),
    [
      [1, 40_002, 66],
      [103, 40_070, 50],
      [160, 40_122, 48],
    ],
  );
  const points: { point: string; value: unknown; key: string }[] = models[1].points;
  const power = points.find(({ point }) => point === 'W');
  assert.deepEqual([power?.value, power?.key], [4821, 'ac/power']);
  // W is the fifteenth register of the model, counted from its id.
  const polled = await promisify(execFile)('mbpoll', [
    ...['-0', '-1', '-q', '-a', '126', '-t', '4', '-r', String(40_070 + 14), '-c', '1'],
    ...['-m', 'tcp', '-p', String(port), '127.0.0.1'],
  ]);
  assert.match(polled.stdout, /4821/);
});

test('a dump for people names points, values and the keys they would have', async (t) => {
  const port = await serveModbus(t, new Map([[1, sunspecDevice(inverterModels())]]));
  const { code, stdout } = await gridvine(['sunspec', 'dump', `tcp://127.0.0.1:${port}`, '--model', '103']);
  assert.equal(code, 0);
  assert.match(stdout, /^model 103 \(.*\) at 40070, 50 registers/);
  assert.match(stdout, /\nTmpCab +41\.2 +°C +inverter\/temperature\n/);
  const none = await gridvine(['sunspec', 'dump', `tcp://127.0.0.1:${port}`, '--base', '30000']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no marker SunS.*--unit-id/);
});

test('a source shares what the device says, from its configuration', async (t) => {
  const port = await serveModbus(t, new Map([[1, sunspecDevice(inverterModels())]]));
  const config = join(await temporaryDirectory(t), 'gridvine.yaml');
  await writeFile(
    config,
    `sources:\n  - {kind: sunspec, name: roof, address: 'tcp://127.0.0.1:${port}', interval: 500ms}\n`,
  );
  const { code, stdout } = await gridvine(['source', 'test', 'roof', '--config', config, '--for', '1500ms']);
  assert.equal(code, 0);
  assert.match(stdout, /roof\/ac\/power = 4821 W/);
  assert.match(stdout, /roof\/mppt\/2\/voltage = 405.5 V/);
});
