import { GridvineError } from '../../core/errors.ts';
import type { NodeId } from '../../core/ids.ts';
import { QUALITIES, type Quality } from '../../core/value.ts';
import type { MemberView, RecordView } from '../../core/views.ts';
import {
  AGGREGATE_FUNCTIONS,
  type Aggregate,
  type AggregateFunction,
  type AggregateGroup,
  type AggregateQuery,
  type LeftOut,
  type LeftOutReason,
  type UnknownReason,
} from './contract.ts';
import { quantileOf } from './quantile.ts';

/** From the best to the worst. */
const BY_QUALITY: readonly Quality[] = ['good', 'sub', 'stale', 'bad'];
const NAMED_MAX = 3;

interface Counted {
  readonly record: RecordView;
  /** NaN where the function doesn't need numbers. */
  readonly number: number;
}

/**
 * One number of a key's values on many nodes, out of what this node knows of them now.
 * @param records those of the key, of all owners. @throws GridvineError `E_VALUE_INVALID` for a question that makes no sense.
 */
export function aggregate(
  query: AggregateQuery,
  members: readonly MemberView[],
  records: readonly RecordView[],
): Aggregate {
  checkQuery(query);
  const { where = {}, groupBy } = query;
  const byOwner = new Map(records.map((record) => [record.owner, record]));
  const expected = members.filter(
    ({ state, tags }) =>
      state !== 'left' && Object.entries(where).every(([tag, value]) => tags[tag] === value),
  );
  const groups =
    groupBy === undefined
      ? new Map([[null, expected]])
      : Map.groupBy(expected, ({ tags }): string | null =>
          Object.hasOwn(tags, groupBy) ? tags[groupBy] : null,
        );
  return {
    key: query.key,
    function: query.function,
    quantile: query.function === 'quantile' ? (query.quantile ?? null) : null,
    groups: [...groups]
      .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1))
      .map(([tag, nodes]) => groupOf(query, tag, nodes, byOwner)),
  };
}

function groupOf(
  query: AggregateQuery,
  tag: string | null,
  members: readonly MemberView[],
  byOwner: ReadonlyMap<NodeId, RecordView>,
): AggregateGroup {
  const counted: Counted[] = [];
  const leftOut: LeftOut[] = [];
  for (const { id, name } of members) {
    const record = byOwner.get(id);
    const judged = judge(query, record);
    if (typeof judged === 'object') counted.push(judged);
    else leftOut.push({ id, node: name, reason: judged, ageMs: record?.ageMs ?? null });
  }
  leftOut.sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : a.id < b.id ? -1 : 1));
  const n = counted.length;
  const expected = query.expected ?? members.length;
  const coverage = expected === 0 ? 0 : Math.min(1, n / expected);
  const units = [...new Set(counted.map(({ record }) => record.unit))];
  const value = resultOf(query, counted);
  const unknown = unknownReason(query, { n, expected, coverage, units, leftOut, value });
  const oldest = counted.reduce<RecordView | undefined>(
    (best, { record }) => (best === undefined || record.ageMs > best.ageMs ? record : best),
    undefined,
  );
  const weakest = leftOut[0] ?? (oldest === undefined ? undefined : { id: oldest.owner, node: oldest.node });
  return {
    tag,
    value: unknown === null ? (value ?? null) : null,
    unknown,
    unit: query.function === 'count' || units.length !== 1 ? null : (units[0] ?? null),
    n,
    expected,
    coverage,
    oldestMs: oldest?.ageMs ?? null,
    oldestBoundMs: counted.some(({ record }) => !Number.isFinite(record.ageBoundMs ?? Number.NaN))
      ? null
      : (oldest?.ageBoundMs ?? null),
    quality: worstQuality(counted),
    weakest: weakest === undefined ? null : { id: weakest.id, node: weakest.node },
    leftOut,
  };
}

/** Whether a node's value counts, or why not. */
function judge(query: AggregateQuery, record: RecordView | undefined): Counted | LeftOutReason {
  if (record === undefined) return 'missing';
  if (record.ageMs + (record.ageBoundMs ?? 0) > query.maxAgeMs) return 'old';
  if (BY_QUALITY.indexOf(record.quality) > BY_QUALITY.indexOf(query.quality ?? 'sub')) return 'quality';
  if (query.function === 'count') return { record, number: Number.NaN };
  const { value } = record;
  if (typeof value !== 'number' && typeof value !== 'bigint') return 'not-a-number';
  return { record, number: Number(value) };
}

function resultOf(
  { function: name, quantile = 0.5 }: AggregateQuery,
  counted: readonly Counted[],
): number | undefined {
  const numbers = counted.map(({ number }) => number);
  const { length } = numbers;
  if (name === 'count') return length;
  if (length === 0) return undefined;
  const byName: Readonly<Record<Exclude<AggregateFunction, 'count'>, () => number | undefined>> = {
    sum: () => sumOf(numbers),
    mean: () => sumOf(numbers) / length,
    min: () => Math.min(...numbers),
    max: () => Math.max(...numbers),
    quantile: () => quantileOf(numbers, quantile),
  };
  return byName[name]();
}

/** The same sum in whatever order the nodes come. */
function sumOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b).reduce((sum, number) => sum + number, 0);
}

function unknownReason(
  { function: name, minCoverage }: AggregateQuery,
  found: {
    readonly n: number;
    readonly expected: number;
    readonly coverage: number;
    readonly units: readonly (string | null)[];
    readonly leftOut: readonly LeftOut[];
    readonly value: number | undefined;
  },
): AggregateGroup['unknown'] {
  const because = (reason: UnknownReason, text: string) => ({ reason, text });
  const { n, expected, coverage, units, leftOut, value } = found;
  if (expected === 0)
    return because('nobody-expected', 'no member is asked: none has these tags, or all have left');
  if (coverage < minCoverage)
    return because(
      'coverage',
      `${n} of ${expected} nodes count, ${percent(minCoverage)} are asked for${namesOf(leftOut)}`,
    );
  if (name === 'count') return null;
  if (n === 0) return because('no-values', `no node has a value that counts${namesOf(leftOut)}`);
  if (units.length > 1)
    return because('units', `values of different units: ${units.map((unit) => unit ?? 'none').join(', ')}`);
  if (!Number.isFinite(value)) return because('overflow', 'the result is beyond the range of numbers');
  return null;
}

function namesOf(leftOut: readonly LeftOut[]): string {
  const named = leftOut.slice(0, NAMED_MAX).map(({ node, reason }) => `${node} (${reason})`);
  const more = leftOut.length - named.length;
  return named.length === 0 ? '' : `: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function worstQuality(counted: readonly Counted[]): Quality | null {
  const worst = Math.max(-1, ...counted.map(({ record }) => BY_QUALITY.indexOf(record.quality)));
  return BY_QUALITY[worst] ?? null;
}

function checkQuery(query: AggregateQuery): void {
  const { minCoverage, maxAgeMs, quantile, expected } = query;
  const refuse = (place: string, wanted: string, got: unknown) => {
    throw new GridvineError('E_VALUE_INVALID', `${place}: expected ${wanted}; got ${String(got)}`);
  };
  if (query.key === '' || query.key.endsWith('/')) refuse('key', 'one key', JSON.stringify(query.key));
  if (!AGGREGATE_FUNCTIONS.includes(query.function))
    refuse('function', `one of ${AGGREGATE_FUNCTIONS.join(', ')}`, query.function);
  if (!(minCoverage >= 0 && minCoverage <= 1)) refuse('minCoverage', 'a share from 0 to 1', minCoverage);
  if (!(maxAgeMs >= 0)) refuse('maxAgeMs', 'milliseconds from 0', maxAgeMs);
  if (query.function === 'quantile' && !(quantile !== undefined && quantile >= 0 && quantile <= 1))
    refuse('quantile', 'a number from 0 to 1', quantile);
  if (expected !== undefined && !(Number.isInteger(expected) && expected >= 1))
    refuse('expected', 'a whole number from 1', expected);
  if (expected !== undefined && query.groupBy !== undefined)
    refuse('expected', 'it only without groupBy', 'both');
  if (
    query.quality !== undefined &&
    (!QUALITIES.includes(query.quality) || (query.quality as Quality) === 'bad')
  )
    refuse('quality', 'one of good, sub, stale', query.quality);
}
