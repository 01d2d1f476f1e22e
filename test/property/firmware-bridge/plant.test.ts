import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { smoothNoise } from '#bridge/sources/plant/noise.ts';
import { ONE_WAY_EFFICIENCY, type PlantOptions, plantStep } from '#bridge/sources/plant/plant.ts';
import { PlantClock } from '#bridge/sources/plant/plant-clock.ts';

const watts = fc.double({ min: 1, max: 100_000, noNaN: true });
const plant: fc.Arbitrary<PlantOptions> = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  panelWatts: watts,
  batteryWh: watts,
  batteryWattsMax: watts,
  initialSocPercent: fc.double({ min: 0, max: 100, noNaN: true }),
  loadWatts: watts,
  seed: fc.nat(),
});
const timeMs = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
const stepMs = fc.integer({ min: 1000, max: 60_000 });

test('power balances in every step, nothing is negative, and the battery keeps its limits', () => {
  fc.assert(
    fc.property(
      plant,
      timeMs,
      stepMs,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (options, time, step, fill) => {
        const storedWh = options.batteryWh * fill;
        const state = plantStep(options, { storedWh, timeMs: time, stepMs: step });
        const tolerance = 1e-6 * (options.panelWatts + options.loadWatts + options.batteryWattsMax);
        assert.ok(Math.abs(state.pv - state.battery - state.load) <= tolerance, JSON.stringify(state));
        for (const power of [state.irradiance, state.pv, state.curtailed, state.load, state.unserved]) {
          assert.ok(power >= -tolerance, JSON.stringify(state));
        }
        assert.ok(Math.abs(state.battery) <= options.batteryWattsMax + tolerance);
        assert.ok(state.storedWh >= 0 && state.storedWh <= options.batteryWh);
        assert.ok(state.irradiance <= 1100);
      },
    ),
  );
});

test('energy is conserved: what the battery gains is what went in and out, less the losses', () => {
  fc.assert(
    fc.property(plant, timeMs, (options, start) => {
      let storedWh = (options.batteryWh * options.initialSocPercent) / 100;
      for (let i = 0; i < 50; i++) {
        const state = plantStep(options, { storedWh, timeMs: start + i * 60_000, stepMs: 60_000 });
        const wattHours = state.battery / 60;
        const gainedWh = wattHours > 0 ? wattHours * ONE_WAY_EFFICIENCY : wattHours / ONE_WAY_EFFICIENCY;
        assert.ok(Math.abs(state.storedWh - storedWh - gainedWh) <= 1e-9 * (options.batteryWh + 1e5));
        storedWh = state.storedWh;
      }
    }),
    { numRuns: 50 },
  );
});

test('load goes unserved only with an empty battery or at its limit, and panels are curtailed only with a full one', () => {
  fc.assert(
    fc.property(plant, timeMs, fc.double({ min: 0, max: 1, noNaN: true }), (options, time, fill) => {
      const state = plantStep(options, { storedWh: options.batteryWh * fill, timeMs: time, stepMs: 60_000 });
      const atLimit = Math.abs(state.battery) >= options.batteryWattsMax * (1 - 1e-9);
      if (state.unserved > 1e-3) assert.ok(atLimit || state.storedWh <= 1e-6 * options.batteryWh);
      if (state.curtailed > 1e-3) assert.ok(atLimit || state.storedWh >= options.batteryWh * (1 - 1e-6));
    }),
  );
});

test('the steps are the same whatever the timers do', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0.5, 1, 60, 1440),
      fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 50 }),
      (speed, pauses) => {
        const wallMs = Date.UTC(2026, 5, 21, 12) + 123;
        const make = () => new PlantClock({ speed, intervalMs: 1000, nowMs: 0, wallMs });
        const endMs = pauses.reduce((sum, pauseMs) => sum + pauseMs, 0);
        const jittery = make();
        const steps: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          steps.push(...jittery.dueSteps({ nowMs, wallMs: wallMs + nowMs }));
        }
        const even = make();
        const evenSteps: number[] = [];
        for (let at = 0; at < endMs; at += 1000)
          evenSteps.push(...even.dueSteps({ nowMs: at, wallMs: wallMs + at }));
        evenSteps.push(...even.dueSteps({ nowMs: endMs, wallMs: wallMs + endMs }));
        assert.deepEqual(steps, evenSteps);
      },
    ),
  );
});

test('noise lies in 0 to 1, has no jumps and depends on the seed', () => {
  fc.assert(
    fc.property(fc.nat(), timeMs, (seed, time) => {
      const at = (shiftMs: number) =>
        smoothNoise({ seed, channel: 1, timeMs: time + shiftMs, periodMs: 60_000 });
      assert.ok(at(0) >= 0 && at(0) < 1);
      assert.ok(Math.abs(at(0) - at(60)) < 0.002);
    }),
  );
  const series = (seed: number) =>
    [...Array(20).keys()].map((i) => smoothNoise({ seed, channel: 1, timeMs: i * 60_000, periodMs: 60_000 }));
  assert.notDeepEqual(series(1), series(2));
  assert.deepEqual(series(1), series(1));
  const spread = Math.max(...series(1)) - Math.min(...series(1));
  assert.ok(spread > 0.5);
});
