import { decodeEventState, NO_EVENTS } from '../../coordination/events/event-state.ts';
import { EVENT_SLOTS, OPEN_QUERIES_MAX } from '../../core/limits.ts';
import { randomBelow, sample } from '../../core/random.ts';
import { EventMeter } from '../event-meter.ts';
import type { SimHost } from '../host.ts';
import type { Run } from '../run.ts';
import type { World } from '../world.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 60_000;
const SETTLE_MS_MAX = 120_000;
/** Events a second of all nodes together. */
const EVENTS_PER_SECOND = 4;
const WINDOWS_MS = [2_000, 10_000, 60_000, 600_000];
/** Something happens so often on average: drawn for each run. */
const HAPPENS_EVERY_MS = [500, 1_500, 4_000];
const AWAY_MS_MAX = 15_000;
/** From the order to stop to the goodbye: the disk has answered by then. */
const STOP_MS = 100;
const LOOK_MS = 50;
/** After the last fault: time for the last events to come. */
const CALM_MS = 30_000;

/**
 * Nodes send events and ask while they crash, restart in order, stand still and are cut off, while their boots rise and their disks take
 * nothing. What matters: each event is delivered once and in order, and who misses one is told.
 */
export const events: Scenario = {
  name: 'events',
  summary:
    'nodes send events (--rate a second) while they crash, restart, stand still, are cut off and lose boots and disks',
  nodesMin: 2,
  play(run) {
    const { world } = run;
    const { random } = world;
    const meter = new EventMeter();
    world.observe(meter.observe);
    run.form();
    run.measureFromNow();
    // From here on each node has a place in what each other says.
    sayAll(world, meter);
    world.runFor(CALM_MS);
    const endMs = world.nowMs + (run.options.durationMs ?? DURATION_MS);
    world.clock.every(1_000 / (run.options.rate ?? EVENTS_PER_SECOND), () => {
      if (world.nowMs > endMs) return false;
      const [host] = sample(random, world.living(), 1);
      if (host !== undefined) say(world, meter, host, WINDOWS_MS[randomBelow(random, WINDOWS_MS.length)]);
      return true;
    });
    const everyMs = HAPPENS_EVERY_MS[randomBelow(random, HAPPENS_EVERY_MS.length)];
    while (world.nowMs < endMs) {
      world.runFor(random.next() * 2 * everyMs);
      HAPPENINGS[randomBelow(random, HAPPENINGS.length)](run, meter);
    }
    world.runFor(2 * AWAY_MS_MAX);
    world.heal();
    for (const { disk } of world.hosts) disk.works = true;
    world.runFor(CALM_MS);
    sayAll(world, meter);
    world.runFor(CALM_MS);
    const settledMs = run.settle(SETTLE_MS_MAX);
    const losses = meter.silentLosses(world.living().map(({ id }) => id));
    return {
      ...run.commonResults(settledMs !== undefined),
      sent: meter.sent,
      gaps: meter.gaps,
      silentlyLost: losses.length,
      deliveredMs: meter.delays,
    };
  },
};

const HAPPENINGS: readonly ((run: Run, meter: EventMeter) => void)[] = [
  crash,
  part,
  cutLinks,
  standStill,
  restart,
  raiseBoot,
  failDisk,
  ask,
];

/** The number of events in their windows is bounded; who has no room says nothing, nor who is about to leave. */
function say(world: World, meter: EventMeter, host: SimHost, windowMs: number): void {
  const { index, id: sender, engine } = host;
  if (engine === undefined || engine.events.live(host.localNow()) >= EVENT_SLOTS || LEAVING.has(host)) return;
  const payload = meter.nextPayload;
  const number = world.emitEvent(index, 'news', payload, { windowMs });
  meter.noteSent(payload, { sender, number, atMs: world.nowMs });
}

function sayAll(world: World, meter: EventMeter): void {
  for (const host of world.living()) say(world, meter, host, 600_000);
}

/** Hosts that were told to leave. */
const LEAVING = new WeakSet<SimHost>();

/** Somebody that may be stopped: not one whose disk holds less than it delivered, which delivers that again [P-18.6]. */
function stoppable(world: World): SimHost | undefined {
  const hosts = world.living().filter(({ disk }) => disk.works && disk.hasEvents);
  return world.living().length < 2 ? undefined : sample(world.random, hosts, 1)[0];
}

function crash(run: Run, meter: EventMeter): void {
  const { world } = run;
  const host = stoppable(world);
  if (host === undefined) return;
  const kept = (host.disk.events && decodeEventState(host.disk.events)) ?? NO_EVENTS;
  // It may stand still, with what the disk said unheard.
  meter.noteCrash(host.id, kept, world.nowMs - AWAY_MS_MAX);
  world.kill(host.index);
  startLater(run, host);
}

/** As service managers do it: what was taken is delivered, then it says goodbye. */
function restart(run: Run): void {
  const { world } = run;
  const host = stoppable(world);
  if (host === undefined || host.state !== 'running' || LEAVING.has(host)) return;
  LEAVING.add(host);
  host.mutate((engine, nowMs) => engine.events.stop(nowMs));
  const { engine } = host;
  world.clock.every(STOP_MS, () => {
    // It may stand still just then, or be killed.
    if (host.state === 'stalled') return true;
    if (host.engine === engine) world.leave(host.index);
    return false;
  });
  startLater(run, host);
}

function startLater(run: Run, host: SimHost): void {
  const { world } = run;
  const dueMs = world.nowMs + 1 + world.random.next() * AWAY_MS_MAX;
  world.clock.every(LOOK_MS, () => {
    if (world.nowMs < dueMs || host.state !== 'off') return true;
    LEAVING.delete(host);
    world.start(host.index, run.livingSeeds());
    return false;
  });
}

/** As where the boot counter was lost, or somebody lies. */
function raiseBoot({ world }: Run): void {
  const [host] = sample(world.random, world.living(), 1);
  host?.raiseBoot(host.boot + randomBelow(world.random, 3));
}

function failDisk({ world }: Run): void {
  const [host] = sample(world.random, world.living(), 1);
  if (host === undefined) return;
  host.disk.works = false;
  world.clock.after(world.random.next() * AWAY_MS_MAX, () => {
    host.disk.works = true;
  });
}

/** Queries take places among events, and numbers. */
function ask({ world }: Run): void {
  const [host] = sample(world.random, world.living(), 1);
  if (host?.engine === undefined || host.state !== 'running' || LEAVING.has(host)) return;
  if (host.engine.events.live(host.localNow()) >= EVENT_SLOTS) return;
  if (host.engine.gauges().queries >= OPEN_QUERIES_MAX) return;
  const name = world.random.next() < 0.5 ? 'load' : 'ping';
  const timeoutMs = 1_000 + Math.round(world.random.next() * 10_000);
  host.mutate((engine, nowMs) => engine.events.ask(nowMs, name, null, { timeoutMs }));
}

function part({ world }: Run): void {
  const indexes = world.hosts.map(({ index }) => index);
  world.partition([sample(world.random, indexes, 1 + randomBelow(world.random, indexes.length))]);
  world.clock.after(world.random.next() * AWAY_MS_MAX, () => world.heal());
}

function cutLinks({ world }: Run): void {
  const links = world.hosts.flatMap(({ index: a }) =>
    world.hosts.filter(({ index }) => index > a).map(({ index: b }) => [a, b] as const),
  );
  const direction = world.random.next() < 0.5 ? 'both' : 'forth';
  world.degrade(sample(world.random, links, Math.ceil(links.length / 3)), { lossShare: 1 }, direction);
  world.clock.after(world.random.next() * AWAY_MS_MAX, () => world.heal());
}

function standStill({ world }: Run): void {
  const [host] = sample(world.random, world.living(), 1);
  if (host !== undefined) world.stall(host.index, world.random.next() * AWAY_MS_MAX);
}
