import { LEASE_TTL_MS_MAX, VOTERS_MAX } from '../../core/limits.ts';
import { randomBelow, sample } from '../../core/random.ts';
import type { Roster } from '../../core/roster.ts';
import type { SimHost } from '../host.ts';
import { LeaseMeter } from '../lease-meter.ts';
import { LeaseWatch } from '../lease-watch.ts';
import type { Run } from '../run.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 60_000;
const SETTLE_MS_MAX = 120_000;
/** Something happens so often on average: drawn for each run. */
const HAPPENS_EVERY_MS = [300, 700, 2_000];
const TTLS_MS = [2_000, 2_000, 3_000, 10_000];
const NAMES = ['uplink', 'grid'];
/** Whoever doesn't have a lease asks for it again within this time. */
const ASK_AGAIN_MS_MAX = 1_500;
const RESTART_MS_MAX = 1_500;
const AWAY_MS_MAX = 12_000;
const DISK_FULL_MS_MAX = 8_000;
const ROSTERS_MAX = 4;
const ROSTER_MS_MIN = 15_000;
/** After the last fault: longer than what a voter waits that lost its storage, and than what it takes to learn. */
const CALM_MS = LEASE_TTL_MS_MAX + 10_000;

/** What the story goes on with. */
interface Stage {
  readonly run: Run;
  readonly world: World;
  readonly meter: LeaseMeter;
  readonly ttlMs: number;
  readonly endMs: number;
  roster: Roster;
  rosterMs: number;
  lostMs: number;
}

/**
 * All nodes fight for two leases all the time, while voters and holders crash, stand still, lose their storage and are cut off, and the
 * roster changes under them. What matters are the checkers: one holder, and fences that grow.
 */
export const lease: Scenario = {
  name: 'lease',
  summary: 'nodes fight for leases while voters crash, stand still, lose their storage and change',
  nodesMin: 1,
  play(run) {
    const { world } = run;
    const { random } = world;
    const meter = new LeaseMeter();
    world.observe(meter.observe);
    // Promises rest on clocks that run about alike: where one jumps without its host having slept, nothing is promised.
    if ((world.options.clockStepsPerMinute ?? 0) === 0) new LeaseWatch(world);
    // Three voters are the hardest case, and the usual one.
    const count = random.next() < 0.5 ? 3 : 1 + randomBelow(random, VOTERS_MAX);
    const voters = sample(random, world.hosts, count).map(({ id }) => id);
    const roster: Roster = { version: 1, voters, previous: [] };
    for (const { index } of world.hosts) world.giveRoster(index, roster);
    run.form();
    run.measureFromNow();
    const ttlMs = TTLS_MS[randomBelow(random, TTLS_MS.length)];
    const endMs = world.nowMs + (run.options.durationMs ?? DURATION_MS);
    const stage: Stage = {
      run,
      world,
      meter,
      ttlMs,
      endMs,
      roster,
      rosterMs: world.nowMs,
      lostMs: Number.NEGATIVE_INFINITY,
    };
    for (const host of world.hosts) for (const name of NAMES) keepAsking(stage, host, name);
    const everyMs = HAPPENS_EVERY_MS[randomBelow(random, HAPPENS_EVERY_MS.length)];
    const kinds = sample(random, HAPPENINGS, KINDS_MIN + randomBelow(random, KINDS_MAX - KINDS_MIN + 1));
    while (world.nowMs < endMs) {
      world.runFor(random.next() * 2 * everyMs);
      kinds[randomBelow(random, kinds.length)](stage);
    }
    world.runFor(2 * AWAY_MS_MAX);
    world.heal();
    for (const host of world.hosts) {
      host.disk.works = true;
      world.giveRoster(host.index, stage.roster);
    }
    world.runFor(CALM_MS);
    const settledMs = run.settle(SETTLE_MS_MAX);
    const { acquired, ends, takeovers } = meter;
    const common = run.commonResults(settledMs !== undefined);
    return { ...common, voters: voters.length, acquired, ends, takeoverMs: takeovers };
  },
};

const HAPPENINGS: readonly ((stage: Stage) => void)[] = [
  cutHolderOff,
  cutLinks,
  part,
  standStill,
  letGo,
  restartVoter,
  crash,
  loseDisk,
  fillDisk,
  changeRoster,
];
/** A run knows so many kinds of trouble: all at once leave nobody who could hold anything, and hide each other. */
const KINDS_MIN = 1;
const KINDS_MAX = 4;

function keepAsking(stage: Stage, host: SimHost, name: string): void {
  const { world, ttlMs } = stage;
  const { random } = world;
  world.clock.after(random.next() * ASK_AGAIN_MS_MAX, () => {
    if (world.nowMs > stage.endMs) return;
    if (host.state === 'running' && host.engine?.leases.own(host.localNow(), name) === undefined) {
      const waitMs = random.next() < 0.7 ? {} : { waitMs: 500 + randomBelow(random, 10_000) };
      world.acquireLease(host.index, name, { ttlMs, ...waitMs });
    }
    keepAsking(stage, host, name);
  });
}

/** Somebody who holds a lease, if anybody does. */
function someHolder({ world, meter }: Stage): SimHost | undefined {
  const holders = NAMES.map((name) => meter.holderOf(name)).filter((id) => id !== undefined);
  const [id] = sample(world.random, holders, 1);
  return id === undefined ? undefined : world.hosts[world.indexOf(id)];
}

/** A duration around the time of a lease: where it matters who counts how. */
function aroundTtlMs({ world, ttlMs }: Stage): number {
  return ttlMs * (0.3 + 1.4 * world.random.next());
}

function cutHolderOff(stage: Stage): void {
  const holder = someHolder(stage);
  if (holder === undefined) return;
  stage.world.partition([[holder.index]]);
  stage.world.clock.after(aroundTtlMs(stage), () => stage.world.heal());
}

function part(stage: Stage): void {
  const { world } = stage;
  const indexes = world.hosts.map(({ index }) => index);
  world.partition([sample(world.random, indexes, 1 + randomBelow(world.random, indexes.length))]);
  world.clock.after(aroundTtlMs(stage), () => world.heal());
}

/** Everybody reaches another majority, for a while. */
function cutLinks(stage: Stage): void {
  const { world } = stage;
  const links = world.hosts.flatMap(({ index: a }) =>
    world.hosts.filter(({ index }) => index > a).map(({ index: b }) => [a, b] as const),
  );
  const direction = world.random.next() < 0.7 ? 'both' : 'forth';
  world.degrade(sample(world.random, links, Math.ceil(links.length / 4)), { lossShare: 1 }, direction);
  world.clock.after(aroundTtlMs(stage), () => world.heal());
}

function standStill(stage: Stage): void {
  const { world } = stage;
  const [any] = sample(world.random, world.hosts, 1);
  const host = world.random.next() < 0.6 ? (someHolder(stage) ?? any) : any;
  world.stall(host.index, aroundTtlMs(stage));
}

function letGo(stage: Stage): void {
  const host = someHolder(stage);
  if (host?.state !== 'running') return;
  for (const name of NAMES) {
    if (host.engine?.leases.own(host.localNow(), name) === undefined) continue;
    host.mutate((engine, nowMs) => engine.leases.release(nowMs, name));
  }
}

function restartVoter(stage: Stage): void {
  const { world, roster } = stage;
  const voters = [...roster.voters, ...roster.previous].map((id) => world.hosts[world.indexOf(id)]);
  const running = voters.filter(({ state }) => state !== 'off');
  for (const host of sample(world.random, running, 1 + randomBelow(world.random, 2)))
    goAway(stage, host, world.random.next() * RESTART_MS_MAX);
}

function crash(stage: Stage): void {
  const { world } = stage;
  const [host] = sample(world.random, world.living(), 1);
  if (host !== undefined) goAway(stage, host, world.random.next() * AWAY_MS_MAX);
}

/** At any moment, so also between a write and its answer. */
function goAway({ world, run }: Stage, host: SimHost, forMs: number): void {
  world.kill(host.index);
  world.clock.after(Math.max(1, forMs), () => {
    if (host.state === 'off') world.start(host.index, run.livingSeeds());
  });
}

/** Of one set of voters one at most, each minute: where a majority lost theirs, nobody but an operator could go on. */
function loseDisk(stage: Stage): void {
  const { world, roster } = stage;
  const sets = [roster.voters, roster.previous].filter((set) => set.length > 0);
  if (sets.some((set) => set.length < 3) || world.nowMs - stage.lostMs < 2 * LEASE_TTL_MS_MAX) return;
  const [id] = sample(world.random, roster.voters, 1);
  const host = world.hosts[world.indexOf(id)];
  if (host.state === 'off') return;
  stage.lostMs = world.nowMs;
  goAway(stage, host, world.random.next() * RESTART_MS_MAX);
  host.disk.leases = 'lost';
}

function fillDisk({ world }: Stage): void {
  const [{ disk }] = sample(world.random, world.hosts, 1);
  disk.works = false;
  world.clock.after(world.random.next() * DISK_FULL_MS_MAX, () => {
    disk.works = true;
  });
}

/** The nodes hear of it one after the other, and some only when they start again. */
function changeRoster(stage: Stage): void {
  const { world, roster } = stage;
  if (roster.version >= ROSTERS_MAX || world.nowMs - stage.rosterMs < ROSTER_MS_MIN) return;
  const voters = sample(world.random, world.hosts, 1 + randomBelow(world.random, VOTERS_MAX));
  const next = {
    version: roster.version + 1,
    voters: voters.map(({ id }) => id),
    previous: roster.voters,
  };
  stage.roster = next;
  stage.rosterMs = world.nowMs;
  for (const { index } of world.hosts)
    world.clock.after(world.random.next() * 10_000, () => world.giveRoster(index, next));
}
