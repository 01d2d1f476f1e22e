import { randomBelow, sample } from '../../core/random.ts';
import type { Run } from '../run.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 120_000;
const SETTLE_MS_MAX = 120_000;
const CHANGE_INTERVAL_MS = 2_000;
const AWAY_MS_MIN = 1_000;
const AWAY_MS_MAX = 20_000;
/** No more than this share is away at a time. */
const AWAY_SHARE_MAX = 1 / 3;
const UPDATES_PER_SECOND = 1;
const KEYS_PER_NODE = 4;

/** Nodes crash, leave and come back all the time, while others write and delete. */
export const churn: Scenario = {
  name: 'churn',
  summary: 'nodes crash, leave and come back all the time, while others write and delete',
  nodesMin: 3,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    run.measureFromNow();
    const endMs = world.nowMs + (run.options.durationMs ?? DURATION_MS);
    const go = () => world.nowMs < endMs;
    world.clock.every(CHANGE_INTERVAL_MS, () => go() && sendAway(run));
    world.clock.every(1000 / (run.options.rate ?? UPDATES_PER_SECOND), () => go() && write(run));
    world.runFor(endMs - world.nowMs);
    world.runFor(AWAY_MS_MAX);
    const settledMs = run.settle(SETTLE_MS_MAX);
    return { ...run.commonResults(settledMs !== undefined), settledMs: settledMs ?? null };
  },
};

function sendAway(run: Run): true {
  const { world } = run;
  const running = world.hosts.filter((host) => host.state === 'running');
  if (running.length <= world.hosts.length * (1 - AWAY_SHARE_MAX)) return true;
  const [host] = sample(world.random, running, 1);
  const boot = host.boot;
  if (world.random.next() < 0.5) world.kill(host.index);
  else world.leave(host.index);
  const awayMs = AWAY_MS_MIN + world.random.next() * (AWAY_MS_MAX - AWAY_MS_MIN);
  world.clock.after(awayMs, () => {
    // A goodbye that took longer than the absence: the process is ended for it.
    if (host.boot === boot) world.kill(host.index);
    if (host.state === 'off') world.start(host.index, run.livingSeeds());
  });
  return true;
}

function write(run: Run): true {
  const { world } = run;
  const [host] = sample(
    world.random,
    world.hosts.filter((candidate) => candidate.state === 'running'),
    1,
  );
  const key = `churn/${randomBelow(world.random, KEYS_PER_NODE)}`;
  const present = world.records.heldBy(host.index, host.id, key) > 0;
  if (present && world.random.next() < 0.3) world.delete(host.index, key);
  else world.put(host.index, key, world.random.uint32());
  return true;
}
