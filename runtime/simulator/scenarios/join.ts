import type { Scenario } from './scenario.ts';

const HEAD_START_MS = 1_000;
const JOIN_MS_MAX = 60_000;
const DURATION_MS = 10_000;

/** One node runs; all others start at the same moment and join through it. */
export const join: Scenario = {
  name: 'join',
  summary: 'all nodes but one start at the same moment and join through that one',
  nodesMin: 1,
  play(run) {
    const { world } = run;
    world.start(0);
    run.startReadings(run.options.readings ?? 0);
    world.runFor(HEAD_START_MS);
    run.measureFromNow();
    const startMs = world.nowMs;
    for (const host of world.hosts.slice(1)) world.start(host.index, run.seeds(1));
    const convergedMs = world.runUntil(() => world.members.disagreements === 0, JOIN_MS_MAX);
    world.runFor(Math.max(0, (run.options.durationMs ?? DURATION_MS) - (world.nowMs - startMs)));
    run.settle(JOIN_MS_MAX);
    return {
      convergedMs: convergedMs ?? null,
      ...run.commonResults(convergedMs !== undefined),
      ...run.peakResults(),
    };
  },
};
