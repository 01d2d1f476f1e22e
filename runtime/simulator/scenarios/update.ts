import { randomBelow } from '../../core/random.ts';
import { UpdateMeter } from '../update-meter.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 20_000;
const UPDATES_PER_SECOND = 1;
const VALUE_BYTES = 256;
/** Each origin writes these keys in turn, so that at high rates updates overtake their elders, as readings do. */
const KEYS_PER_NODE = 8;
const ARRIVE_MS_MAX = 30_000;

/** Random nodes write urgent records of 256 bytes. */
export const update: Scenario = {
  name: 'update',
  summary: 'random nodes write urgent records of 256 bytes (--rate a second)',
  nodesMin: 1,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    const meter = new UpdateMeter(world);
    const intervalMs = 1000 / (run.options.rate ?? UPDATES_PER_SECOND);
    const endMs = world.nowMs + (run.options.durationMs ?? DURATION_MS);
    let written = 0;
    run.measureFromNow();
    world.clock.every(intervalMs, () => {
      if (world.nowMs > endMs) return false;
      const key = `update/${written % KEYS_PER_NODE}`;
      const value = `${written}`.padEnd(VALUE_BYTES, '.');
      meter.put(randomBelow(world.random, world.hosts.length), key, value, { priority: 'urgent' });
      written++;
      return true;
    });
    world.runFor(endMs - world.nowMs);
    const traffic = run.trafficResults();
    world.runUntil(() => meter.open === 0, ARRIVE_MS_MAX);
    run.keepDistribution('deliveredMs', meter.deliveries);
    const stale = world.records.disagreements;
    const settledMs = run.settle(ARRIVE_MS_MAX);
    return {
      updates: written,
      ...meter.results(),
      stale,
      ...run.commonResults(settledMs !== undefined),
      ...traffic,
    };
  },
};
