import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { NODES_MAX } from '#runtime/simulator/options.ts';
import { SCENARIOS } from '#runtime/simulator/scenarios/registry.ts';

/** What `npm run soak` is told. */
export interface SoakFlags {
  /** When it ends; Infinity where only the count ends it. */
  readonly minutes: number;
  /** Runs in all; Infinity where only the time ends it. */
  readonly seeds: number;
  /** The draws from 1 on that are played first, each time the same. */
  readonly fixed: number;
  /** The draw after those: random, unless told. */
  readonly first: number;
  readonly nodesMax: number;
  readonly jobs: number;
  readonly scenario: string | undefined;
}

export const USAGE = `usage: npm run soak -- [options]
  --minutes N       stop after so long (default 10, or none where --seeds is given)
  --seeds N         stop after so many runs
  --fixed N         first the draws 1 to N, each time the same (default 0)
  --first N         then the draws from N on (default: random)
  --nodes-max N     the largest cluster (default 30)
  --scenario NAME   only this one
  --leases          only the scenario lease, in clusters of up to 9 nodes
  --jobs N          at the same time (default: one a core)
`;

const MINUTES_DEFAULT = 10;
const NODES_MAX_DEFAULT = 30;
/** More nodes than voters and rivals only make runs slower. */
const NODES_MAX_LEASES = 9;
/** Draws are whole numbers below this. */
const DRAW_MAX = 2 ** 40;

/** @throws RangeError that names the flag, what was expected and what came. TypeError for a flag that isn't there. */
export function readFlags(args: readonly string[]): SoakFlags {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: text,
      seeds: text,
      fixed: text,
      first: text,
      'nodes-max': text,
      scenario: text,
      leases: { type: 'boolean' } as const,
      jobs: text,
    },
  });
  const number = (
    flag: Exclude<keyof typeof values, 'leases'>,
    range: readonly [number, number],
    usual: number,
  ) => (values[flag] === undefined ? usual : numberIn(`--${flag}`, values[flag], range));
  const scenarios = SCENARIOS.map(({ name }) => name);
  if (values.scenario !== undefined && !scenarios.includes(values.scenario))
    throw new RangeError(`--scenario: expected one of ${scenarios.join(', ')}; got ${values.scenario}`);
  const minutes = values.seeds === undefined ? MINUTES_DEFAULT : Number.POSITIVE_INFINITY;
  return {
    minutes: number('minutes', [0.01, 100_000], minutes),
    seeds: whole('--seeds', number('seeds', [1, 1e9], Number.POSITIVE_INFINITY)),
    fixed: whole('--fixed', number('fixed', [0, 1e6], 0)),
    first: whole('--first', number('first', [0, DRAW_MAX], randomInt(DRAW_MAX))),
    nodesMax: whole(
      '--nodes-max',
      number('nodes-max', [3, NODES_MAX], values.leases === true ? NODES_MAX_LEASES : NODES_MAX_DEFAULT),
    ),
    jobs: whole('--jobs', number('jobs', [1, 1024], availableParallelism())),
    scenario: values.leases === true ? 'lease' : values.scenario,
  };
}

function numberIn(flag: string, text: string, [min, max]: readonly [number, number]): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new RangeError(`${flag}: expected a number from ${min} to ${max}; got ${text}`);
  return value;
}

function whole(flag: string, value: number): number {
  if (Number.isFinite(value) && !Number.isInteger(value))
    throw new RangeError(`${flag}: expected a whole number; got ${value}`);
  return value;
}

/** The draws of one soak, as many as there may be: the caller ends it by time. */
export function* drawsOf({
  fixed,
  first,
  seeds,
}: Pick<SoakFlags, 'fixed' | 'first' | 'seeds'>): Generator<number> {
  for (let i = 0; i < seeds; i++) yield i < fixed ? i + 1 : first + i - fixed;
}
