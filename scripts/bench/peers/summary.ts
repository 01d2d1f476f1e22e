import { LIMITS, type Round } from './round.ts';

/** A median and what surrounds it. */
export interface Figure {
  /** null: the median itself was not within the limit. */
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly samples: number;
  /** Samples that were not within their limit. */
  readonly missed: number;
}

export interface Row {
  readonly name: string;
  readonly unit: 'ms' | '1/s' | 'B/s' | 'ms/s' | '';
  readonly gridvine: Figure;
  readonly memberlist: Figure;
  /** memberlist's median by gridvine's: above 1 gridvine is better. null: one of them is missing, or gridvine's is 0. */
  readonly ratio: number | null;
}

type Pick = (round: Round) => readonly (number | null)[];

const FIGURES: readonly { readonly name: string; readonly unit: Row['unit']; readonly pick: Pick }[] = [
  {
    name: `join through one seed, all see all (within ${LIMITS.joinS} s)`,
    unit: 'ms',
    pick: (round) => [round.joinMs],
  },
  {
    name: `broadcast, last node has it (within ${LIMITS.broadcastS} s)`,
    unit: 'ms',
    pick: (round) => round.broadcastMs,
  },
  {
    name: `crash, last survivor says down (within ${LIMITS.crashS} s)`,
    unit: 'ms',
    pick: (round) => [round.crashMs],
  },
  {
    name: 'idle: UDP payload sent per node and second',
    unit: 'B/s',
    pick: (round) => [round.idle.datagramBytes],
  },
  {
    name: 'idle: datagrams sent per node and second',
    unit: '1/s',
    pick: (round) => [round.idle.datagrams],
  },
  {
    name: 'idle: TCP payload sent per node and second',
    unit: 'B/s',
    pick: (round) => [round.idle.streamBytes],
  },
  {
    name: 'idle: UDP and TCP payload together',
    unit: 'B/s',
    pick: ({ idle }) => [idle.datagramBytes + idle.streamBytes],
  },
  {
    name: 'idle: processor time per node and second',
    unit: 'ms/s',
    pick: (round) => [round.idle.cpuMs],
  },
  { name: 'false downs in a round', unit: '', pick: (round) => [round.falseDowns] },
];

/** Compares all rounds of one size. */
export function summarize(gridvine: readonly Round[], memberlist: readonly Round[]): Row[] {
  return FIGURES.map(({ name, unit, pick }) => {
    const ours = figureOf(gridvine.flatMap(pick));
    const theirs = figureOf(memberlist.flatMap(pick));
    return { name, unit, gridvine: ours, memberlist: theirs, ratio: ratioOf(ours.median, theirs.median) };
  });
}

/** A missed sample counts as longer than all others. The median of an even number is the mean of the middle two. */
export function figureOf(samples: readonly (number | null)[]): Figure {
  const sorted = samples.map((sample) => sample ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return {
    median: finite(median),
    min: finite(sorted[0]),
    max: finite(sorted.at(-1)),
    samples: samples.length,
    missed: samples.filter((sample) => sample === null).length,
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function ratioOf(ours: number | null, theirs: number | null): number | null {
  return ours === null || theirs === null || ours === 0 ? null : theirs / ours;
}
