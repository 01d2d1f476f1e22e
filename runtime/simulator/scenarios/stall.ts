import { sample } from '../../core/random.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 120_000;
const SETTLE_MS_MAX = 60_000;
const CYCLE_MS = 20_000;
const STALL_MS = 5_000;
const STALLED_SHARE = 0.1;

/** In every 20 s a tenth of the nodes stands still for 5 s, each at a moment of its own: swapping, a busy SD card. */
export const stall: Scenario = {
  name: 'stall',
  summary: 'in every 20 s the event loops of a tenth of the nodes stand still for 5 s',
  nodesMin: 2,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    run.measureFromNow();
    const count = Math.max(1, Math.round(world.hosts.length * STALLED_SHARE));
    const endMs = world.nowMs + (run.options.durationMs ?? DURATION_MS);
    while (world.nowMs < endMs) {
      for (const host of sample(world.random, world.hosts, count)) {
        world.clock.after(world.random.next() * (CYCLE_MS - STALL_MS), () =>
          world.stall(host.index, STALL_MS),
        );
      }
      world.runFor(CYCLE_MS);
    }
    const settledMs = run.settle(SETTLE_MS_MAX);
    return run.commonResults(settledMs !== undefined);
  },
};
