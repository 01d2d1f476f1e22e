import { type CrashKind, LIMITS, type Round } from './round.ts';

/** How samples lie. null: not within the limit. */
export interface Figure {
  readonly median: number | null;
  /** Nearest rank: of fewer than 100 samples the greatest. */
  readonly p99: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly samples: number;
  /** Samples that were not within their limit. */
  readonly missed: number;
}

/** Which of a figure's numbers is compared. */
export type Statistic = 'median' | 'p99' | 'max';
export type Unit = 'ms' | '1/s' | 'B/s' | 'ms/s' | 'kB' | '';

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  readonly statistic: Statistic;
  /** null: this side wasn't measured. */
  readonly gridvine: Figure | null;
  readonly memberlist: Figure | null;
  /** memberlist's number by gridvine's: above 1 gridvine is better. null: one of them is missing, or gridvine's is 0. */
  readonly ratio: number | null;
}

type Pick = (round: Round) => readonly (number | null)[];

interface FigureSource {
  readonly name: string;
  readonly unit: Unit;
  readonly pick: Pick;
  readonly statistic?: Statistic;
}

const updates: Pick = (round) => round.updateMs;
const crashes =
  (kind: CrashKind): Pick =>
  (round) =>
    round.crashMs[kind];
const idle =
  (of: (figures: NonNullable<Round['idle']>) => number): Pick =>
  (round) =>
    round.idle === null ? [] : [of(round.idle)];

const FIGURES: readonly FigureSource[] = [
  {
    name: 'join through one seed, all see all',
    unit: 'ms',
    pick: (round) => [round.joinMs],
  },
  { name: `update, last node has it (within ${LIMITS.updateS} s)`, unit: 'ms', pick: updates },
  { name: 'update, last node has it: p99', unit: 'ms', pick: updates, statistic: 'p99' },
  { name: 'update, last node has it: greatest', unit: 'ms', pick: updates, statistic: 'max' },
  {
    name: `crash, sockets closed, last survivor says down (within ${LIMITS.crashS} s)`,
    unit: 'ms',
    pick: crashes('closed'),
  },
  {
    name: `crash, silent, last survivor says down (within ${LIMITS.crashS} s)`,
    unit: 'ms',
    pick: crashes('silent'),
  },
  {
    name: 'idle: UDP payload sent per node and second',
    unit: 'B/s',
    pick: idle(({ datagramBytes }) => datagramBytes),
  },
  {
    name: 'idle: datagrams sent per node and second',
    unit: '1/s',
    pick: idle(({ datagrams }) => datagrams),
  },
  {
    name: 'idle: TCP payload sent per node and second',
    unit: 'B/s',
    pick: idle(({ streamBytes }) => streamBytes),
  },
  {
    name: 'idle: UDP and TCP payload together',
    unit: 'B/s',
    pick: idle(({ datagramBytes, streamBytes }) => datagramBytes + streamBytes),
  },
  { name: 'idle: processor time per node and second', unit: 'ms/s', pick: idle(({ cpuMs }) => cpuMs) },
  { name: 'memory added by a node', unit: 'kB', pick: (round) => [round.memoryKb] },
  { name: 'false downs in a round', unit: '', pick: (round) => [round.falseDowns] },
];

/** Compares all rounds of one size; a side without rounds wasn't measured. */
export function summarize(gridvine: readonly Round[], memberlist: readonly Round[]): Row[] {
  return FIGURES.map(({ name, unit, pick, statistic = 'median' }) => {
    const ours = gridvine.length === 0 ? null : figureOf(gridvine.flatMap(pick));
    const theirs = memberlist.length === 0 ? null : figureOf(memberlist.flatMap(pick));
    const ratio = ratioOf(ours?.[statistic] ?? null, theirs?.[statistic] ?? null);
    return { name, unit, statistic, gridvine: ours, memberlist: theirs, ratio };
  });
}

/** A missed sample counts as longer than all others. The median of an even number is the mean of the middle two. */
export function figureOf(samples: readonly (number | null)[]): Figure {
  const sorted = samples.map((sample) => sample ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {
    median: finite(median),
    p99: finite(sorted[Math.ceil(0.99 * sorted.length) - 1]),
    min: finite(sorted[0]),
    max: finite(sorted.at(-1)),
    samples: samples.length,
    missed: samples.filter((sample) => sample === null).length,
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** `theirs` by `ours`; null where there is nothing to divide. */
export function ratioOf(ours: number | null, theirs: number | null): number | null {
  return ours === null || theirs === null || ours === 0 ? null : theirs / ours;
}
