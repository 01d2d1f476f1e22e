import type { Scenario } from './scenario.ts';

const SEEDS = 5;
const CONVERGE_MS_MAX = 120_000;
const DURATION_MS = 30_000;

/** The power comes back: everything starts at once, and no cluster is there yet. */
export const blackstart: Scenario = {
  name: 'blackstart',
  summary: 'all nodes start at the same moment, with five of them as seeds',
  nodesMin: 1,
  play(run) {
    const { world } = run;
    run.startReadings(run.options.readings ?? 0);
    for (const host of world.hosts) world.start(host.index, run.seeds(SEEDS));
    const convergedMs = world.runUntil(() => world.members.disagreements === 0, CONVERGE_MS_MAX);
    world.runFor(Math.max(0, (run.options.durationMs ?? DURATION_MS) - world.nowMs));
    run.settle(CONVERGE_MS_MAX);
    return {
      convergedMs: convergedMs ?? null,
      ...run.peakResults(),
      ...run.commonResults(convergedMs !== undefined),
    };
  },
};
