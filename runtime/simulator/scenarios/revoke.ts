import { sample } from '../../core/random.ts';
import { percentiles } from '../statistics.ts';
import type { Scenario } from './scenario.ts';

const OUT_MS_MAX = 60_000;
const SETTLE_MS_MAX = 30_000;
const READINGS = 1;

/** The root revokes a board while everybody measures: how soon nobody believes it any more, and it reads nothing that is new. */
export const revoke: Scenario = {
  name: 'revoke',
  summary: 'the root revokes one node in a cluster of certificates: how soon all have put it out',
  nodesMin: 5,
  certificates: true,
  play(run) {
    const { world } = run;
    const formedMs = run.form();
    run.startReadings(run.options.readings ?? READINGS);
    world.runFor(2_000);
    const [victim, told] = sample(world.random, world.hosts.slice(3), 2);
    const rest = world.hosts.filter((host) => host !== victim);
    const signed = world.fleet?.revocation(victim.index) ?? new Uint8Array();
    const before = victim.engine?.trust()?.epoch ?? 0;
    run.measureFromNow();
    const startMs = world.nowMs;
    told.mutate((engine, nowMs) => engine.proclaim(nowMs, signed));
    const outMs = new Map<number, number>();
    const rotatedMs = new Map<number, number>();
    world.runUntil(() => {
      for (const host of rest) {
        const trust = host.engine?.trust();
        if (!outMs.has(host.index) && trust?.revocations === 1) outMs.set(host.index, world.nowMs - startMs);
        if (!rotatedMs.has(host.index) && (trust?.epoch ?? 0) > before)
          rotatedMs.set(host.index, world.nowMs - startMs);
      }
      return rotatedMs.size === rest.length && outMs.size === rest.length;
    }, OUT_MS_MAX);
    const isOut = outMs.size === rest.length && rotatedMs.size === rest.length;
    world.runFor(5_000);
    const keptOut = (victim.engine?.trust()?.epoch ?? 0) === before;
    world.kill(victim.index);
    const settledMs = run.settle(SETTLE_MS_MAX);
    return {
      formedMs,
      outMs: percentiles([...outMs.values()]),
      rotatedMs: percentiles([...rotatedMs.values()]),
      keptOut,
      ...run.commonResults(isOut && keptOut && settledMs !== undefined),
    };
  },
};
