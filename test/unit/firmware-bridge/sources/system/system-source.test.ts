import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemSource } from '#bridge/sources/system/system-source.ts';
import { THROTTLE_PATH } from '#bridge/sources/system/throttling.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

const ZONE = '/sys/class/thermal/thermal_zone0';

function board() {
  const ports = new FakePorts();
  const { files } = ports.files;
  files.set('/proc/stat', 'cpu  100 0 100 800 0 0 0 0 0 0\n');
  files.set('/proc/meminfo', 'MemTotal: 1024000 kB\nMemAvailable: 768000 kB\n');
  files.set('/proc/loadavg', '0.42 0.31 0.20 1/97 5231\n');
  files.set('/proc/uptime', '689.82 1294.61\n');
  files.set(`${ZONE}/type`, 'cpu-thermal\n');
  files.set(`${ZONE}/temp`, '51540\n');
  ports.files.sizes.set('/', { totalBytes: 1000 << 20, freeBytes: 600 << 20, availableBytes: 400 << 20 });
  const sink = new RecordingSink();
  return { ports, files, sink };
}

test('a round gives every value of the board, and the load with the second round', async () => {
  const { ports, files, sink } = board();
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await ports.clock.advance(0);
  assert.deepEqual(
    sink.readings.map(({ key, value, unit }) => [key, value, unit]).sort(),
    [
      ['system/disk', 50, '%'],
      ['system/disk-total', 1000, 'MiB'],
      ['system/load1', 0.42, undefined],
      ['system/memory', 25, '%'],
      ['system/memory-total', 1000, 'MiB'],
      ['system/temperature', 51.54, '°C'],
      ['system/uptime', 689.82, 's'],
    ].sort(),
  );
  files.set('/proc/stat', 'cpu  150 0 100 950 0 0 0 0 0 0\n');
  await ports.clock.advance(1000);
  assert.deepEqual(sink.last('system/cpu'), {
    key: 'system/cpu',
    value: 25,
    unit: '%',
    quality: 'good',
    takenAtMs: ports.clock.nowMs(),
  });
  assert.deepEqual(sink.healthLog, []);
  await source.stop();
  assert.equal(ports.clock.pendingTimers, 0);
});

test('absent sensors give an info item each and no reading, and the item goes when the sensor comes', async () => {
  const ports = new FakePorts();
  const sink = new RecordingSink();
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await ports.clock.advance(0);
  assert.deepEqual(sink.readings, []);
  assert.equal(source.health().length, 6);
  assert.ok(source.health().every(({ code, severity }) => code === 'sensor-absent' && severity === 'info'));
  ports.files.files.set(`${ZONE}/type`, 'cpu-thermal').set(`${ZONE}/temp`, '40000');
  await ports.clock.advance(6000);
  assert.ok(sink.healthLog.includes('-sensor-absent system: system/temperature'));
  assert.equal(sink.last('system/temperature')?.value, 40);
  await source.stop();
});

test('an unreadable sensor gives a bad reading and an item that goes with the next good one', async () => {
  const { ports, files, sink } = board();
  files.set('/proc/loadavg', { fault: 'denied' });
  files.set('/proc/uptime', 'soon');
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await ports.clock.advance(0);
  assert.deepEqual([sink.last('system/load1')?.quality, sink.last('system/uptime')?.quality], ['bad', 'bad']);
  assert.equal(source.health().filter(({ code }) => code === 'sensor-unreadable').length, 2);
  files.set('/proc/loadavg', '1.00 1 1').set('/proc/uptime', '5.0 1');
  await ports.clock.advance(6000);
  assert.equal(sink.last('system/load1')?.quality, 'good');
  assert.deepEqual(source.health(), []);
  await source.stop();
});

test('a sensor that hangs takes only its own readings with it, and does not hold up the stop', async () => {
  const { ports, files, sink } = board();
  files.set(`${ZONE}/temp`, 'hangs-forever');
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await ports.clock.advance(20_000);
  assert.equal(sink.of('system/temperature').length, 0);
  assert.ok(sink.of('system/memory').length >= 4);
  await source.stop();
  const count = sink.readings.length;
  await ports.clock.advance(20_000);
  assert.equal(sink.readings.length, count);
});

test('under-voltage is a failure while it holds, a warning once it has happened, and readings all along', async () => {
  const { ports, files, sink } = board();
  files.set(THROTTLE_PATH, '50005\n');
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await ports.clock.advance(0);
  const severities = () => source.health().map(({ code, severity }) => `${code} ${severity}`);
  assert.deepEqual(severities(), ['board-under-voltage failure', 'board-throttled warning']);
  assert.deepEqual(
    [sink.last('system/under-voltage')?.value, sink.last('system/throttled')?.value],
    [true, true],
  );
  files.set(THROTTLE_PATH, '50000\n');
  await ports.clock.advance(6000);
  assert.deepEqual(severities(), ['board-under-voltage warning']);
  assert.equal(sink.last('system/under-voltage')?.value, false);
  await source.stop();
});

test('missing throttling flags are news only where a path was named', async () => {
  const { ports, sink } = board();
  const source = new SystemSource({ name: 'system', intervalMs: 5000, throttlePath: '/sys/flags' }, ports);
  source.start(sink);
  await ports.clock.advance(0);
  assert.deepEqual(sink.healthLog, ['+sensor-absent system: system/under-voltage']);
  await source.stop();
});

test('a stopped source can be started again', async () => {
  const { ports, sink } = board();
  const source = new SystemSource({ name: 'system', intervalMs: 5000 }, ports);
  source.start(sink);
  await source.stop();
  source.start(sink);
  await ports.clock.advance(0);
  assert.equal(sink.of('system/memory').length, 1);
  await source.stop();
});
