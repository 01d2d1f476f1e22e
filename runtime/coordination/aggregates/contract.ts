import type { NodeId } from '../../core/ids.ts';
import type { Quality } from '../../core/value.ts';

export const AGGREGATE_FUNCTIONS = ['sum', 'mean', 'min', 'max', 'count', 'quantile'] as const;
export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** A question about one key on many nodes. Who asks says what the answer is worth nothing without. */
export interface AggregateQuery {
  /** Of the records; exact. */
  readonly key: string;
  /** `count`: on how many nodes there is a value at all; the others take numbers only. */
  readonly function: AggregateFunction;
  /** Of the function `quantile`: 0 to 1; 0.5 is the median. Between two readings it is interpolated. */
  readonly quantile?: number;
  /** The least share of the expected nodes whose value must count, 0 to 1. 1: all of them, or there is no answer. */
  readonly minCoverage: number;
  /** The oldest value that counts, its error bound included, in milliseconds. */
  readonly maxAgeMs: number;
  /** Only nodes with all of these tags. */
  readonly where?: Readonly<Record<string, string>>;
  /** One group for each value of this tag; nodes without it are a group of their own. */
  readonly groupBy?: string;
  /** How many nodes there should be, where the site knows better than its members list; not with `groupBy`. Default: all members that have not left, down ones included. */
  readonly expected?: number;
  /** The worst quality that counts. Default `sub`: good and substituted values. */
  readonly quality?: Exclude<Quality, 'bad'>;
}

/** Why a node that was expected doesn't count. */
export type LeftOutReason = 'missing' | 'old' | 'quality' | 'not-a-number';

/** Why there is no value. */
export type UnknownReason = 'nobody-expected' | 'no-values' | 'coverage' | 'units' | 'overflow';

export interface LeftOut {
  readonly id: NodeId;
  readonly node: string;
  readonly reason: LeftOutReason;
  /** Of the value that doesn't count; null: there is none. */
  readonly ageMs: number | null;
}

/** The answer for one group. */
export interface AggregateGroup {
  /** The tag's value; null: nodes without it, or no grouping. */
  readonly tag: string | null;
  /** null: unknown. Never a sum of less than what was asked for. */
  readonly value: number | null;
  /** null where there is a value. */
  readonly unknown: { readonly reason: UnknownReason; readonly text: string } | null;
  readonly unit: string | null;
  /** Nodes whose value counts. */
  readonly n: number;
  readonly expected: number;
  /** `n / expected`, at most 1; 0 where nobody is expected. */
  readonly coverage: number;
  /** Age of the oldest value that counts; null: none does. */
  readonly oldestMs: number | null;
  /** Its error bound; null: it is a lower bound, or none counts. */
  readonly oldestBoundMs: number | null;
  /** The worst quality among those that count; null: none does. */
  readonly quality: Quality | null;
  /** The node on which the answer hangs: one that is left out, else the one with the oldest value. */
  readonly weakest: { readonly id: NodeId; readonly node: string } | null;
  /** Expected nodes that don't count, by name. */
  readonly leftOut: readonly LeftOut[];
}

export interface Aggregate {
  readonly key: string;
  readonly function: AggregateFunction;
  readonly quantile: number | null;
  /** One, or by the tag's value; nodes without the tag last. */
  readonly groups: readonly AggregateGroup[];
}
