import { type RandomSource, randomBelow, SeededRandom } from '#runtime/core/random.ts';
import { type EngineSettings, PRESETS, type PresetName, settingsOf } from '#runtime/engine/settings.ts';
import type { Latency } from '#runtime/simulator/latency.ts';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import { findScenario, SCENARIOS } from '#runtime/simulator/scenarios/registry.ts';

/** What may be drawn. */
export interface DrawLimits {
  /** 3-4096. */
  readonly nodesMax: number;
  /** Only this one; default: any. */
  readonly scenario?: string;
}

/** A run that was drawn, and the number that it was drawn with. */
export interface DrawnRun {
  readonly draw: number;
  readonly options: SimulationOptions;
  /** Sealing modelled: most runs, so that there are more of them. */
  readonly fast: boolean;
}

/** The simulator's own streams have low numbers. */
const DRAW_STREAM = 0x50a1;
const NODES_MIN = 3;
const REAL_SEALING_SHARE = 0.1;
const MULTICAST_SHARE = 0.35;
const SEGMENTS_MAX = 3;
const CHANGED_SETTINGS_SHARE = 0.3;

/** Links of one kind, and the presets that are meant for them. */
interface LinkKind {
  readonly latency: Latency;
  readonly presets: readonly PresetName[];
}

const LINK_KINDS: readonly LinkKind[] = [
  { latency: { shape: 'uniform', delayMs: 2, jitterMs: 1 }, presets: ['lan', 'radio', 'wan'] },
  { latency: { shape: 'uniform', delayMs: 0.2, jitterMs: 0.1 }, presets: ['lan'] },
  { latency: { shape: 'normal', delayMs: 20, jitterMs: 8 }, presets: ['lan', 'radio', 'wan'] },
  { latency: { shape: 'pareto', delayMs: 5, jitterMs: 5 }, presets: ['lan', 'radio', 'wan'] },
  { latency: { shape: 'normal', delayMs: 80, jitterMs: 20 }, presets: ['wan'] },
  { latency: { shape: 'pareto', delayMs: 60, jitterMs: 20 }, presets: ['wan', 'metered'] },
];
/** Most networks lose little; the last is what the engine promises to bear. */
const LOSS_SHARES = [0, 0, 0, 0.01, 0.05, 0.1, 0.2, 0.3];
const FAULT_SHARES = [0, 0, 0, 0.02, 0.1];
const CORRUPT_SHARES = [0, 0, 0, 0, 0.01];
const ASYMMETRIC_SHARES = [0, 0, 0, 0, 0.05, 0.2];
const BYTES_PER_SECOND = [undefined, undefined, undefined, undefined, 64_000, 250_000];
const CLOCK_STEPS = [0, 0, 0, 2, 20];
const CLOCK_DRIFTS = [0.05, 0.05, 0.01, 0];
/** Restarts with state, as old as up to so much, and without. */
const TABLE_WRITES_MS = [undefined, 5_000, 100_000];
const READINGS = [undefined, undefined, 0.2, 1];
const RATES = [1, 5, 20, 50];

/** What a setting may be changed to, within what makes sense on any link. */
const CHANGES: readonly (readonly [keyof EngineSettings, readonly number[]])[] = [
  ['probeIntervalMs', [300, 500, 2_000]],
  ['probeHelpers', [1, 2, 5]],
  ['suspicionMultiplier', [1.5, 2, 4]],
  ['suspicionConfirmations', [1, 2, 5]],
  ['batchIntervalMs', [0, 10, 100, 300]],
  ['fanOut', [2, 3, 6, 10]],
  ['retransmitMultiplier', [2, 4, 6]],
  ['digestIntervalMs', [1_000, 2_000, 10_000]],
  ['digestQuietMs', [500, 10_000]],
  ['presenceIntervalMs', [500, 5_000]],
  ['retryIntervalMs', [2_000, 5_000]],
  ['syncBytesPerSecond', [20_000, 200_000]],
];
const CHANGES_MAX = 3;
const CERTIFICATES_SHARE = 0.25;

/** How long the main part lasts, in seconds: from, to. */
const SECONDS: Readonly<Record<string, readonly [number, number]>> = {
  join: [2, 10],
  crash: [5, 5],
  update: [5, 20],
  partition: [5, 90],
  idle: [10, 60],
  blackstart: [5, 30],
  churn: [20, 120],
  stall: [20, 60],
  badlink: [20, 90],
  lease: [30, 90],
};
const SECONDS_OTHERWISE: readonly [number, number] = [10, 60];

/** Draws one run. Pure: the same number and limits give the same run. */
export function drawRun(draw: number, limits: DrawLimits): DrawnRun {
  const random = new SeededRandom(draw, DRAW_STREAM);
  const fitting = SCENARIOS.filter((each) => each.nodesMin <= limits.nodesMax);
  const scenario = limits.scenario ?? pick(random, fitting).name;
  const nodesMin = Math.max(NODES_MIN, findScenario(scenario)?.nodesMin ?? 1);
  // Small clusters are more often the ones that break, and cost less: squared, so that half are in the first quarter.
  const nodes = nodesMin + Math.floor(random.next() ** 2 * (limits.nodesMax - nodesMin + 1));
  const links = pick(random, LINK_KINDS);
  const multicast = random.next() < MULTICAST_SHARE;
  const [from, to] = SECONDS[scenario] ?? SECONDS_OTHERWISE;
  const options: SimulationOptions = {
    scenario,
    nodes,
    seed: random.uint32(),
    medium: multicast ? 'multicast' : 'unicast',
    segments: multicast ? 1 + randomBelow(random, SEGMENTS_MAX) : 1,
    quality: {
      latency: links.latency,
      lossShare: pick(random, LOSS_SHARES),
      duplicateShare: pick(random, FAULT_SHARES),
      reorderShare: pick(random, FAULT_SHARES),
      corruptShare: pick(random, CORRUPT_SHARES),
    },
    settings: drawSettings(random, pick(random, links.presets)),
    asymmetricShare: pick(random, ASYMMETRIC_SHARES),
    bytesPerSecondMax: pick(random, BYTES_PER_SECOND),
    ...clocksOf(scenario, pick(random, CLOCK_STEPS), draw),
    ...tableWritesOf(draw),
    durationMs: 1_000 * (from + randomBelow(random, to - from + 1)),
    rate: pick(random, RATES),
    crashes: 1 + randomBelow(random, Math.max(1, Math.floor(nodes / 3))),
    together: random.next() < 0.5,
    hostsStayUp: random.next() < 0.5,
    readings: pick(random, READINGS),
    certificates: random.next() < CERTIFICATES_SHARE,
  };
  return { draw, options, fast: random.next() >= REAL_SEALING_SHARE };
}

/** Leases rest on clocks that drift, but don't jump. */
function clocksOf(
  scenario: string,
  clockStepsPerMinute: number,
  draw: number,
): Pick<SimulationOptions, 'clockStepsPerMinute' | 'clockDriftShare'> {
  if (scenario !== 'lease') return { clockStepsPerMinute };
  const clockDriftShare = CLOCK_DRIFTS[draw % CLOCK_DRIFTS.length];
  return { clockStepsPerMinute: 0, ...(clockDriftShare > 0 ? { clockDriftShare } : {}) };
}

/** By the number of the draw: what else it draws stays as it was. */
function tableWritesOf(draw: number): Pick<SimulationOptions, 'tableWriteIntervalMs'> {
  const tableWriteIntervalMs = TABLE_WRITES_MS[draw % TABLE_WRITES_MS.length];
  return tableWriteIntervalMs === undefined ? {} : { tableWriteIntervalMs };
}

function drawSettings(random: RandomSource, preset: PresetName): EngineSettings {
  // What is paid by the byte is left as it is: minutes instead of seconds.
  const changes: Partial<Record<keyof EngineSettings, number>> = {};
  if (PRESETS[preset] !== PRESETS.metered && random.next() < CHANGED_SETTINGS_SHARE) {
    for (let i = 1 + randomBelow(random, CHANGES_MAX); i > 0; i--) {
      const [name, values] = pick(random, CHANGES);
      changes[name] = pick(random, values);
    }
  }
  return settingsOf(preset, changes);
}

function pick<T>(random: RandomSource, from: readonly T[]): T {
  return from[randomBelow(random, from.length)];
}
