import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temperatureSensor } from '#bridge/sources/system/temperature.ts';
import { FakeFiles } from '../../support/fake-files.ts';

const ZONE = '/sys/class/thermal/thermal_zone';
const HWMON = '/sys/class/hwmon/hwmon';

async function read(files: FakeFiles, zones?: readonly string[]) {
  const result = await temperatureSensor(zones).read(files);
  return result.kind === 'absent' ? 'absent' : result.samples;
}

test('the zone is chosen by its type, not by its number', async () => {
  const files = new FakeFiles({
    [`${ZONE}0/type`]: 'acpitz\n',
    [`${ZONE}0/temp`]: '20000\n',
    [`${ZONE}1/type`]: 'cpu-thermal\n',
    [`${ZONE}1/temp`]: '51540\n',
  });
  assert.deepEqual(await read(files), [{ key: 'system/temperature', unit: '°C', value: 51.54 }]);
});

test('the types of the board profile win over the built-in ones, in their order', async () => {
  const files = new FakeFiles({
    [`${ZONE}0/type`]: 'cpu-thermal\n',
    [`${ZONE}0/temp`]: '51000\n',
    [`${ZONE}1/type`]: 'bigcore0-thermal\n',
    [`${ZONE}1/temp`]: '62000\n',
  });
  assert.deepEqual(await read(files, ['bigcore0-thermal', 'cpu-thermal']), [
    { key: 'system/temperature', unit: '°C', value: 62 },
  ]);
});

test('without a thermal zone a hwmon driver for processors is used', async () => {
  const files = new FakeFiles({
    [`${HWMON}0/name`]: 'rpi_volt\n',
    [`${HWMON}0/temp1_input`]: '1000\n',
    [`${HWMON}1/name`]: 'coretemp\n',
    [`${HWMON}1/temp1_input`]: '47000\n',
  });
  assert.deepEqual(await read(files), [{ key: 'system/temperature', unit: '°C', value: 47 }]);
});

test('a zone whose value cannot be read is passed over for the next best', async () => {
  const files = new FakeFiles({
    [`${ZONE}0/type`]: 'cpu-thermal\n',
    [`${ZONE}0/temp`]: { fault: 'failed' },
    [`${ZONE}1/type`]: 'soc-thermal\n',
    [`${ZONE}1/temp`]: '40000\n',
  });
  assert.deepEqual(await read(files), [{ key: 'system/temperature', unit: '°C', value: 40 }]);
});

test('a board without a sensor has none', async () => {
  assert.equal(await read(new FakeFiles()), 'absent');
  assert.equal(
    await read(new FakeFiles({ [`${ZONE}0/type`]: 'acpitz\n', [`${ZONE}0/temp`]: '1\n' })),
    'absent',
  );
});

test('a sensor that moves to another number is found again', async () => {
  const files = new FakeFiles({ [`${ZONE}0/type`]: 'cpu-thermal\n', [`${ZONE}0/temp`]: '50000\n' });
  const sensor = temperatureSensor();
  await sensor.read(files);
  files.files.clear();
  assert.equal((await sensor.read(files)).kind, 'absent');
  files.files.set(`${ZONE}7/type`, 'cpu-thermal\n').set(`${ZONE}7/temp`, '55000\n');
  assert.deepEqual(await sensor.read(files), {
    kind: 'samples',
    samples: [{ key: 'system/temperature', unit: '°C', value: 55 }],
  });
});

test('a sensor that fails later is there and gives a fault', async () => {
  const files = new FakeFiles({ [`${ZONE}0/type`]: 'cpu-thermal\n', [`${ZONE}0/temp`]: '50000\n' });
  const sensor = temperatureSensor();
  await sensor.read(files);
  files.files.set(`${ZONE}0/temp`, 'N/A\n');
  const result = await sensor.read(files);
  assert.match(result.kind === 'samples' ? (result.samples[0]?.fault ?? '') : '', /unexpected text "N\/A/);
});
