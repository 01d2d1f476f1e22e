import { availableParallelism } from 'node:os';
import { boundBy, type Load, ownShare } from './load.ts';
import type { Predicted, PredictedFigure } from './prediction.ts';
import type { Phase, Round } from './round.ts';
import { type Figure, figureOf, ratioOf, type Statistic, type Unit } from './summary.ts';

/** Sockets beside the simulator. */
export interface ComparedRow {
  readonly name: string;
  readonly unit: Unit;
  readonly measured: Figure;
  readonly statistic: Statistic;
  readonly predicted: Figure;
  /** Measured by predicted: 2 is twice the simulator's. */
  readonly ratio: number | null;
  /** Why they differ, as far as that was measured too. */
  readonly why: string;
}

/** Closer than this, in either direction, is the same. */
const SAME_RATIO = 1.2;
/** Below this difference it is one of timers (1 ms) and a few turns of a loop. */
const RESOLUTION_MS = 3;
/** How well processor time has to fit the difference to explain it. */
const FIT_RATIO = 2;
/** The greatest of few samples may be so much off by chance; beyond it something went another way. */
const CHANCE_RATIO = 3;
/** So many have a p99 that isn't the greatest. */
const MANY_SAMPLES = 200;

interface Compared {
  readonly name: string;
  readonly unit: Unit;
  readonly figure: PredictedFigure;
  readonly phase: Phase;
  readonly statistic: Statistic;
  readonly pick: (round: Round) => readonly (number | null)[];
}

const COMPARED: readonly Compared[] = [
  {
    name: 'join, all see all',
    unit: 'ms',
    figure: 'joinMs',
    phase: 'join',
    statistic: 'median',
    pick: ({ joinMs }) => [joinMs],
  },
  ...(
    [
      ['update, last node has it', 'updateP50Ms', 'median'],
      ['update: p99', 'updateP99Ms', 'p99'],
      ['update: greatest', 'updateMaxMs', 'max'],
    ] as const
  ).map(([name, figure, statistic]) => ({
    name,
    unit: 'ms' as const,
    figure,
    phase: 'update' as const,
    statistic,
    pick: ({ updateMs }: Round) => updateMs,
  })),
  {
    name: 'crash, sockets closed',
    unit: 'ms',
    figure: 'closedMs',
    phase: 'closed',
    statistic: 'median',
    pick: ({ crashMs }) => crashMs.closed,
  },
  {
    name: 'crash, silent',
    unit: 'ms',
    figure: 'silentMs',
    phase: 'silent',
    statistic: 'median',
    pick: ({ crashMs }) => crashMs.silent,
  },
  {
    name: 'idle: UDP payload per node and second',
    unit: 'B/s',
    figure: 'idleDatagramBytes',
    phase: 'idle',
    statistic: 'median',
    pick: ({ idle }) => (idle === null ? [] : [idle.datagramBytes]),
  },
  {
    name: 'idle: datagrams per node and second',
    unit: '1/s',
    figure: 'idleDatagrams',
    phase: 'idle',
    statistic: 'median',
    pick: ({ idle }) => (idle === null ? [] : [idle.datagrams]),
  },
];

/** Compares the rounds of one size with what the simulator says of it. */
export function comparedRows(
  rounds: readonly Round[],
  predicted: Predicted,
  { nodes, processors = availableParallelism() }: { readonly nodes: number; readonly processors?: number },
): ComparedRow[] {
  return COMPARED.flatMap(({ figure, pick, phase, ...row }) => {
    const simulated = figureOf(predicted[figure] ?? []);
    const measured = figureOf(rounds.flatMap(pick));
    if (simulated.samples === 0 || measured.samples === 0) return [];
    const ratio = ratioOf(simulated.median, measured[row.statistic]);
    const why = explain({ ...row, measured, simulated, phase, rounds, nodes, processors });
    return [{ ...row, measured, predicted: simulated, ratio, why }];
  });
}

interface Difference {
  readonly unit: Unit;
  readonly statistic: Statistic;
  readonly measured: Figure;
  readonly simulated: Figure;
  readonly phase: Phase;
  readonly rounds: readonly Round[];
  readonly nodes: number;
  readonly processors: number;
}

/** The causes that were measured; none is made up. */
function explain(difference: Difference): string {
  const { measured, statistic, simulated, unit, phase, rounds, processors } = difference;
  const value = measured[statistic];
  const expected = simulated.median;
  if (value === null || expected === null) return 'not within its limit';
  if (within(value, expected, SAME_RATIO)) return 'the same';
  const loads = rounds.map(({ load }) => load[phase]).filter((load) => load !== null);
  const work = workOf(difference);
  const reasons: string[] = [];
  if (unit === 'ms' && Math.abs(value - expected) <= RESOLUTION_MS)
    return `${RESOLUTION_MS} ms or less: timers of 1 ms, and a turn of the loop for each hop`;
  if (unit === 'ms' && value > expected && work !== undefined && within(value - expected, work.ms, FIT_RATIO))
    reasons.push(work.text);
  const luck = chance(difference);
  if (reasons.length === 0 && luck !== undefined) reasons.push(luck);
  const restless = restlessness(rounds);
  if (restless !== undefined && phase !== 'join') reasons.push(restless);
  const bound = loads.map((load) => boundBy(load, processors)).find((text) => text !== undefined);
  if (bound !== undefined) reasons.push(bound);
  if (reasons.length === 0) reasons.push(loadText(loads, processors));
  return reasons.join('; ');
}

/**
 * What one of the measured things costs in processor time beyond idling, and how long all processors need for that. All nodes share
 * them, so it can't be faster; in the simulator each has one of its own that takes no time.
 */
function workOf({ rounds, phase, nodes, processors, measured }: Difference) {
  const loads = rounds.flatMap(({ load }) => (load[phase] === null ? [] : [load[phase]]));
  const idle = rounds.find((round) => round.idle !== null)?.idle;
  if (loads.length === 0 || idle === undefined || idle === null || measured.samples === 0) return undefined;
  const idlePerMs = (idle.cpuMs * nodes) / 1_000;
  const cpuMs = loads.reduce((sum, load) => sum + Math.max(0, load.cpuMs - idlePerMs * load.wallMs), 0);
  const each = cpuMs / measured.samples;
  const ms = each / processors;
  return {
    ms,
    text: `it takes ${each.toFixed(0)} ms of processor time, ${ms.toFixed(0)} ms on ${processors} processors`,
  };
}

function loadText(loads: readonly Load[], processors: number): string {
  const p99 = Math.max(...loads.map(({ loopDelayMs }) => loopDelayMs?.p99 ?? 0));
  const own = Math.max(...loads.map((load) => ownShare(load, processors)));
  return `not explained; loop delay p99 ${p99.toFixed(1)} ms, ${Math.round(100 * own)} % of the processors ours`;
}

/** What keeps a cluster from resting that rests in the simulator. */
function restlessness(rounds: readonly Round[]): string | undefined {
  const sum = (of: (round: Round) => number | null) =>
    rounds.reduce((total, round) => total + (of(round) ?? 0), 0);
  const suspicions = sum((round) => round.suspicions);
  const dropped = sum((round) => round.dropped);
  const parts = [
    ...(suspicions > 0 ? [`${suspicions} suspicions`] : []),
    ...(dropped > 0 ? [`${dropped} datagrams dropped by full sockets`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : undefined;
}

function within(a: number, b: number, ratio: number): boolean {
  return a === b || (a > 0 && b > 0 && Math.max(a / b, b / a) <= ratio);
}

/** Where few samples say little. Of updates the simulator tells ranks only, so that their ranges can't be held against each other. */
function chance({ measured, simulated, statistic, phase }: Difference): string | undefined {
  const value = measured[statistic] ?? Number.POSITIVE_INFINITY;
  const near = within(value, simulated.median ?? Number.POSITIVE_INFINITY, CHANCE_RATIO);
  if (statistic !== 'median' && near && measured.samples < MANY_SAMPLES)
    return `chance: the greatest of ${measured.samples} samples`;
  if (['join', 'closed', 'silent'].includes(phase) && overlap(measured, simulated))
    return 'chance: the ranges of the samples overlap';
  return undefined;
}

/** Whether what was seen on both sides can be the same thing. A range without an end was missed. */
function overlap(a: Figure, b: Figure): boolean {
  const end = ({ max }: Figure) => max ?? Number.POSITIVE_INFINITY;
  return a.min !== null && b.min !== null && a.min <= end(b) && b.min <= end(a);
}
