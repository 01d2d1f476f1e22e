import { simulationParts } from '#device/simulation/parts.ts';
import { randomBelow, sample } from '#runtime/core/random.ts';
import { CrashMeter } from '#runtime/simulator/crash-meter.ts';
import { Run } from '#runtime/simulator/run.ts';
import { type Percentiles, percentiles, roundTenth } from '#runtime/simulator/statistics.ts';
import { TrafficWindow } from '#runtime/simulator/traffic-window.ts';
import { UpdateMeter } from '#runtime/simulator/update-meter.ts';
import { World } from '#runtime/simulator/world.ts';
import { type Setup, worldOf } from './setup.ts';
import { EngineTime, timedEngine } from './timed-engine.ts';

/** One run of one setup. */
export interface CellTask {
  readonly setup: Setup;
  readonly seed: number;
  readonly quick: boolean;
}

/** What a node costs: UDP payload sent and received a second, datagrams sent, and its engine's microseconds a virtual second. */
export interface Load {
  readonly bytes: number;
  readonly bytesMax: number;
  readonly receivedBytes: number;
  readonly datagrams: number;
  readonly cpuMicros: number;
}

/** What a cell gives; times in milliseconds, null where it never came to pass. */
export interface CellResult {
  /** From the last node's start until one view. */
  readonly formedMs: number | null;
  readonly idle: Load;
  /** With one reading a second on each node. */
  readonly busy: Load;
  /** From an update until the last node had it. */
  readonly urgentMs: Percentiles;
  readonly normalMs: Percentiles;
  readonly lost: number;
  /** From a crash until a survivor said `down`, over crashes and survivors. */
  readonly detectionMs: Percentiles;
  readonly allDownMs: Percentiles;
  readonly falseDowns: number;
  /** While nothing happened: events `suspect` a node said, an hour. */
  readonly suspicionsPerNodeHour: number;
  readonly violations: number;
  readonly virtualMs: number;
}

const QUIET_MS = 5_000;
const UPDATE_INTERVAL_MS = 200;
const UPDATE_BYTES = 256;
const FORM_MS_MAX = 600_000;
const NOTICE_MS_MAX = 60_000;

/** How long each part lasts: what a large cluster does in a minute is as much as a small one does in an hour. */
function lengthsOf({ setup, quick }: CellTask) {
  const { nodes } = setup;
  const { probeIntervalMs, digestIntervalMs } = worldOf(setup, 1).settings;
  const idleMs = quick ? 20_000 : clamp(20_000_000 / nodes, 30_000, 120_000);
  return {
    // What happens once in a while has to happen at least a few times.
    idleMs: Math.max(idleMs, 5 * probeIntervalMs, 3 * digestIntervalMs),
    busyMs: quick ? 5_000 : clamp(3_000_000 / nodes, 3_000, 30_000),
    updates: quick ? 5 : 20,
    crashes: Math.min(quick ? 1 : nodes > 100 ? 2 : 3, Math.floor(nodes / 3)),
    arriveMs: 30_000 + 3 * digestIntervalMs,
    noticeMs: NOTICE_MS_MAX + 12 * probeIntervalMs,
  };
}

/** Forms a cluster, lets it idle, loads it, writes updates and kills nodes. */
export function measureCell(task: CellTask): CellResult {
  const time = new EngineTime();
  const parts = simulationParts({ fast: false });
  const world = new World(worldOf(task.setup, task.seed), {
    ...parts,
    createEngine: (options) => timedEngine(parts.createEngine(options), time),
  });
  const run = new Run(world, {});
  const lengths = lengthsOf(task);
  const load = (lastsMs: number) => measureLoad({ world, time, lastsMs });

  const formedMs = form(run);
  world.runFor(QUIET_MS);
  const suspicionsBefore = run.verdicts.suspicions;
  const idle = load(lengths.idleMs);
  const suspicions = run.verdicts.suspicions - suspicionsBefore;
  const readings = run.startReadings(1);
  const busy = load(lengths.busyMs);
  readings.stop();
  world.runFor(QUIET_MS);
  const urgent = update(world, 'urgent', lengths);
  const normal = update(world, 'normal', lengths);
  const crashes = crash(world, lengths);
  const hours = (lengths.idleMs / 3_600_000) * task.setup.nodes;
  return {
    formedMs,
    idle,
    busy,
    urgentMs: urgent.reachedAllMs,
    normalMs: normal.reachedAllMs,
    lost: urgent.lost + normal.lost,
    detectionMs: percentiles(crashes.detections),
    allDownMs: crashes.results().allDownMs,
    falseDowns: run.verdicts.falseDowns,
    suspicionsPerNodeHour: roundTenth(suspicions / hours),
    violations: run.checkers.count,
    virtualMs: Math.round(world.nowMs),
  };
}

/** Starts all nodes at the same moment, a few of them as seeds. */
function form(run: Run): number | null {
  const { world } = run;
  for (const host of world.hosts) world.start(host.index, run.seeds());
  return world.runUntil(() => world.members.disagreements === 0, FORM_MS_MAX) ?? null;
}

function measureLoad(options: {
  readonly world: World;
  readonly time: EngineTime;
  readonly lastsMs: number;
}): Load {
  const { world, time, lastsMs } = options;
  const sentDatagrams = () =>
    world.hosts.reduce((sum, { index }) => sum + world.network.traffic(index).total.sentDatagrams, 0);
  const sentBefore = sentDatagrams();
  const window = new TrafficWindow(world.network, { hosts: world.hosts.length, nowMs: world.nowMs });
  time.take();
  world.runFor(lastsMs);
  const cpuMs = time.take();
  const rates = window.rates(world.nowMs);
  return {
    bytes: rates.bytesPerNodePerSecond.mean,
    bytesMax: rates.bytesPerNodePerSecond.max,
    receivedBytes: rates.receivedBytesPerNodePerSecond.mean,
    // Where there are few, tenths a second don't tell them apart.
    datagrams: roundTo((sentDatagrams() - sentBefore) / world.hosts.length / (lastsMs / 1000), 4),
    cpuMicros: roundTenth((cpuMs * 1000) / world.hosts.length / (lastsMs / 1000)),
  };
}

function update(
  world: World,
  priority: 'urgent' | 'normal',
  { updates, arriveMs }: { readonly updates: number; readonly arriveMs: number },
) {
  const meter = new UpdateMeter(world);
  for (let i = 0; i < updates; i++) {
    const host = randomBelow(world.random, world.hosts.length);
    meter.put(host, `study/${priority}-${i}`, `${i}`.padEnd(UPDATE_BYTES, '.'), { priority });
    world.runFor(UPDATE_INTERVAL_MS);
  }
  world.runUntil(() => meter.open === 0, arriveMs);
  return meter.results();
}

/** One after the other; nobody comes back. */
function crash(
  world: World,
  { crashes, noticeMs }: { readonly crashes: number; readonly noticeMs: number },
): CrashMeter {
  const meter = new CrashMeter(world);
  for (let i = 0; i < crashes; i++) {
    const [victim] = sample(world.random, world.living(), 1);
    meter.kill(victim.index);
    world.runUntil(() => meter.open === 0, noticeMs);
    meter.giveUp();
    world.runFor(QUIET_MS);
  }
  return meter;
}

function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
