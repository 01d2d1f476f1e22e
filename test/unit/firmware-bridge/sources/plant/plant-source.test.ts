import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlantSource } from '#bridge/sources/plant/plant-source.ts';
import { clearSkyIrradiance, irradiance } from '#bridge/sources/plant/sun.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 5, 21, 12);
const PLANT = {
  name: 'plant',
  latitude: 50,
  longitude: 0,
  panelWatts: 5000,
  batteryWh: 10_000,
  batteryWattsMax: 3000,
  initialSocPercent: 50,
  loadWatts: 800,
  seed: 1,
  intervalMs: 1000,
  speed: 1,
};

function started(options: Partial<typeof PLANT> = {}, wallMs = NOON) {
  const ports = new FakePorts(new ManualClock({ wallMs }));
  const sink = new RecordingSink();
  const source = new PlantSource({ ...PLANT, ...options }, ports);
  source.start(sink);
  return { ports, sink, source };
}

const numberAt = (sink: RecordingSink, key: string) => Number(sink.last(key)?.value);

test('the plant says that it is simulated, in its description and in every key', async () => {
  const { ports, sink, source } = started();
  await ports.clock.advance(0);
  assert.equal(source.description.simulated, true);
  assert.equal(sink.readings.length, 7);
  assert.ok(sink.readings.every(({ key }) => key.startsWith('sim/')));
  await source.stop();
  assert.equal(ports.clock.pendingTimers, 0);
});

test('the clear-sky model gives some 1040 W/m² in the zenith and nothing at night', () => {
  assert.ok(Math.abs(clearSkyIrradiance(90) - 1035) < 5);
  assert.equal(clearSkyIrradiance(0), 0);
  assert.equal(clearSkyIrradiance(-30), 0);
});

test('the sun shines at local noon and not at local midnight, in both hemispheres and in winter', () => {
  const at = (longitude: number, latitude: number, timeMs: number) =>
    irradiance({ latitude, longitude, timeMs, seed: 1 });
  assert.ok(at(0, 50, NOON) > 100);
  assert.equal(at(180, 50, NOON), 0);
  assert.ok(at(180, -35, NOON + DAY_MS / 2) > 40);
  assert.equal(at(0, 80, Date.UTC(2026, 11, 21, 12)), 0);
});

test('in the dark the battery serves the load until it is empty, and then the load goes unserved', async () => {
  const { ports, sink, source } = started(
    { latitude: 80, batteryWh: 1000, speed: 3600 },
    Date.UTC(2026, 11, 21, 12),
  );
  await ports.clock.advance(0);
  assert.ok(numberAt(sink, 'sim/battery/power') < 0);
  await ports.clock.advance(10_000);
  assert.equal(numberAt(sink, 'sim/battery/soc'), 0);
  assert.ok(Math.abs(numberAt(sink, 'sim/load/power')) < 1e-6);
  assert.ok(numberAt(sink, 'sim/load/unserved') > 100);
  await source.stop();
});

test('a full battery curtails the panels', async () => {
  const { ports, sink, source } = started({ initialSocPercent: 100, loadWatts: 1 });
  await ports.clock.advance(0);
  assert.ok(numberAt(sink, 'sim/pv/curtailed') > 100);
  assert.equal(numberAt(sink, 'sim/battery/soc'), 100);
  await source.stop();
});

test('a compressed day sees the sun rise and set', async () => {
  const { ports, sink, source } = started({ speed: 1440 }, NOON - DAY_MS / 2);
  await ports.clock.advance(60_000);
  const suns = sink.of('sim/pv/irradiance').map(({ value }) => Number(value));
  assert.equal(suns[0], 0);
  assert.ok(Math.max(...suns) > 200);
  assert.equal(suns.at(-1), 0);
  await source.stop();
});

test('when the wall clock is set by months the sun jumps and the battery does not', async () => {
  const { ports, sink, source } = started();
  await ports.clock.advance(2000);
  const before = numberAt(sink, 'sim/battery/soc');
  assert.ok(numberAt(sink, 'sim/pv/irradiance') > 0);
  ports.clock.setWall(NOON + 210.5 * DAY_MS);
  await ports.clock.advance(1000);
  assert.equal(numberAt(sink, 'sim/pv/irradiance'), 0);
  assert.ok(Math.abs(numberAt(sink, 'sim/battery/soc') - before) < 0.1);
  ports.clock.setWall(NOON);
  await ports.clock.advance(2000);
  assert.ok(numberAt(sink, 'sim/pv/irradiance') > 0);
  await source.stop();
});
