import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { sourceSchema } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import { monitorFields, vedirectBlock, vedirectHex } from '../../support/devices/vedirect.ts';
import { FakePorts } from './support/fake-ports.ts';
import { RecordingSink } from './support/recording-sink.ts';

function started(config: unknown, board?: { temperatureZones?: readonly string[]; throttlePath?: string }) {
  const ports = new FakePorts();
  const sink = new RecordingSink();
  const source = createSource(v.parse(sourceSchema, config), {
    ports,
    inventoryCommand: ['/opt/gridvine', 'child'],
    board,
  });
  source.start(sink);
  return { ports, sink, source };
}

test('every kind of source can be made from its configuration', async () => {
  for (const config of [
    { kind: 'system' },
    { kind: 'inventory' },
    { kind: 'plant' },
    { kind: 'exec', name: 'tank', command: ['/opt/tank'] },
  ]) {
    const { ports, source } = started(config);
    assert.equal(source.description.kind, config.kind);
    await ports.clock.advance(0);
    const stopped = source.stop();
    if (ports.processes.children.length > 0) ports.processes.last.ends({ signal: 'SIGTERM' });
    await stopped;
    assert.equal(ports.clock.pendingTimers, 0, config.kind);
  }
});

test('the rules of the configuration are added to those of the kind', async () => {
  const { ports, sink, source } = started({
    kind: 'plant',
    metrics: [{ key: 'sim/pv/power', scale: 0.001, unit: 'kW', decimals: 3, deadband: 0 }],
  });
  await ports.clock.advance(0);
  assert.equal(sink.last('sim/pv/power')?.unit, 'kW');
  assert.ok(Number(sink.last('sim/pv/power')?.value) < 5);
  assert.equal(Number(sink.last('sim/pv/irradiance')?.value) % 1, 0);
  await source.stop();
});

test('what the board profile knows is used, and the configuration wins over it', async () => {
  const board = { temperatureZones: ['bigcore0-thermal'], throttlePath: '/sys/throttle' };
  const zone = '/sys/class/thermal/thermal_zone0';
  const { ports, sink, source } = started({ kind: 'system' }, board);
  ports.files.files.set(`${zone}/type`, 'bigcore0-thermal').set(`${zone}/temp`, '40000');
  ports.files.files.set('/sys/throttle', '1');
  await ports.clock.advance(6000);
  assert.equal(sink.last('system/temperature')?.value, 40);
  assert.equal(sink.last('system/under-voltage')?.value, true);
  await source.stop();
  const other = started({ kind: 'system', temperatureZones: ['soc-thermal'] }, board);
  other.ports.files.files.set(`${zone}/type`, 'bigcore0-thermal').set(`${zone}/temp`, '40000');
  await other.ports.clock.advance(6000);
  assert.equal(other.sink.last('system/temperature'), undefined);
  await other.source.stop();
});

test('an idle board gossips a handful of values a minute', async () => {
  const { ports, sink, source } = started({ kind: 'system' });
  const { files } = ports.files;
  ports.files.sizes.set('/', { totalBytes: 1e9, freeBytes: 6e8, availableBytes: 5e8 });
  files.set('/sys/class/thermal/thermal_zone0/type', 'cpu-thermal');
  for (let second = 0; second < 600; second++) {
    const wobble = second % 3;
    files.set('/proc/stat', `cpu  ${second + wobble} 0 0 ${second * 99} 0 0 0 0\n`);
    files.set('/proc/meminfo', `MemTotal: 500000 kB\nMemAvailable: ${300_000 + wobble * 500} kB\n`);
    files.set('/proc/loadavg', `0.0${wobble} 0 0\n`).set('/proc/uptime', `${second}.5 1\n`);
    files.set('/sys/class/thermal/thermal_zone0/temp', `${45_000 + wobble * 200}\n`);
    await ports.clock.advance(1000);
  }
  const perMinute = sink.readings.length / 10;
  assert.ok(perMinute <= 4, `${perMinute} readings a minute`);
  assert.ok(sink.of('system/cpu').length >= 9);
  await source.stop();
});

test('a program that repeats one value refreshes its age once a minute, and only with samples', async () => {
  const { ports, sink, source } = started({
    kind: 'exec',
    name: 'tank',
    command: ['/opt/tank'],
    silentAfter: '10m',
  });
  for (let second = 0; second <= 150; second += 10) {
    ports.processes.last.prints('{"key":"level","value":71.5}\n');
    await ports.clock.advance(10_000);
  }
  assert.equal(sink.of('level').length, 3);
  await ports.clock.advance(300_000);
  assert.equal(sink.of('level').length, 3);
  const stopped = source.stop();
  ports.processes.last.ends({ signal: 'SIGTERM' });
  await stopped;
});

test('a silent program is reported after its time, and its values go stale', async () => {
  const { ports, sink, source } = started({
    kind: 'exec',
    name: 'tank',
    command: ['/opt/tank'],
    silentAfter: '30s',
  });
  ports.processes.last.prints('{"key":"tank/level","value":71.5,"unit":"%"}\n');
  await ports.clock.advance(30_000);
  assert.deepEqual(sink.healthLog, ['+source-silent tank']);
  assert.deepEqual(
    sink.readings.map(({ value, quality }) => [value, quality]),
    [
      [71.5, 'good'],
      [71.5, 'stale'],
    ],
  );
  const stopped = source.stop();
  ports.processes.last.ends({ signal: 'SIGTERM' });
  await stopped;
});

test('a register that is asked for in rounds stays good between them, and goes stale when it comes no more', async () => {
  const { ports, sink, source } = started({
    kind: 'vedirect',
    name: 'mppt',
    address: '/dev/serial/by-id/usb-ve',
    registers: ['charger/temperature'],
  });
  const link = ports.links.last;
  link.answer = () => link.brings(vedirectHex(7, [0xdb, 0xed, 0, 0xc4, 0x0c]));
  link.opens();
  const [block = []] = monitorFields();
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      link.brings(vedirectBlock(block));
      await ports.clock.advance(1000);
    }
  };
  const qualities = () => sink.of('mppt/charger/temperature').map(({ quality }) => quality);
  await pass(130);
  assert.deepEqual([...new Set(qualities())], ['good']);
  link.answer = undefined;
  await pass(95);
  assert.equal(qualities().at(-1), 'stale');
  await source.stop();
});
