import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregate } from '#runtime/coordination/aggregates/aggregate.ts';
import { AGGREGATE_FUNCTIONS, type AggregateQuery } from '#runtime/coordination/aggregates/contract.ts';
import { quantileOf } from '#runtime/coordination/aggregates/quantile.ts';
import type { MemberView, RecordView } from '#runtime/core/views.ts';
import { memberView, recordView } from '../../../support/fake-node.ts';

const QUERY: AggregateQuery = { key: 'power', function: 'sum', minCoverage: 1, maxAgeMs: 5_000 };

function id(name: string): string {
  return Buffer.from(name.padEnd(16)).toString('hex');
}

function member(name: string, changes: Partial<MemberView> = {}): MemberView {
  return memberView({ id: id(name), name, ...changes });
}

function power(name: string, value: RecordView['value'], changes: Partial<RecordView> = {}): RecordView {
  return recordView({ owner: id(name), node: name, key: 'power', value, unit: 'W', ageMs: 100, ...changes });
}

const MEMBERS = ['barn', 'roof', 'well'].map((name) => member(name));
const RECORDS = [power('barn', 100), power('roof', 300, { ageMs: 900 }), power('well', 200)];

/** The one group of a question. */
function ask(changes: Partial<AggregateQuery> = {}, records = RECORDS, members = MEMBERS) {
  const { groups } = aggregate({ ...QUERY, ...changes }, members, records);
  assert.equal(groups.length, 1);
  return groups[0];
}

test('a sum says how many nodes it is of, how old it is and on whom it hangs', () => {
  assert.deepEqual(ask(), {
    tag: null,
    value: 600,
    unknown: null,
    unit: 'W',
    n: 3,
    expected: 3,
    coverage: 1,
    oldestMs: 900,
    oldestBoundMs: 0,
    quality: 'good',
    weakest: { id: id('roof'), node: 'roof' },
    leftOut: [],
  });
});

test('mean, min, max, count and quantiles are of the same values', () => {
  assert.equal(ask({ function: 'mean' }).value, 200);
  assert.equal(ask({ function: 'min' }).value, 100);
  assert.equal(ask({ function: 'max' }).value, 300);
  assert.equal(ask({ function: 'count' }).value, 3);
  assert.equal(ask({ function: 'quantile', quantile: 0.5 }).value, 200);
  assert.equal(ask({ function: 'quantile', quantile: 0.75 }).value, 250);
});

test('a missing node makes the sum unknown and is named; whoever asks for less gets it', () => {
  const two = RECORDS.slice(0, 2);
  const group = ask({}, two);
  assert.equal(group.value, null);
  assert.equal(group.unknown?.reason, 'coverage');
  assert.match(group.unknown?.text ?? '', /2 of 3 nodes count, 100 % are asked for: well \(missing\)/);
  assert.deepEqual(group.weakest, { id: id('well'), node: 'well' });
  assert.equal(ask({ minCoverage: 0.6 }, two).value, 400);
});

test('down members are expected, those that left are not', () => {
  const withOne = (state: MemberView['state']) => [...MEMBERS, member('shed', { state })];
  assert.equal(ask({}, RECORDS, withOne('down')).unknown?.reason, 'coverage');
  assert.equal(ask({}, RECORDS, withOne('left')).value, 600);
});

test('a value counts by its age with the error bound, and a lower bound shows', () => {
  const old = [...RECORDS.slice(0, 2), power('well', 200, { ageMs: 4_000, ageBoundMs: 1_001 })];
  assert.deepEqual(ask({}, old).leftOut, [{ id: id('well'), node: 'well', reason: 'old', ageMs: 4_000 }]);
  const vague = [...RECORDS.slice(0, 2), power('well', 200, { ageBoundMs: null })];
  assert.deepEqual([ask({}, vague).value, ask({}, vague).oldestBoundMs], [600, null]);
});

test('bad values never count, stale ones only where they are asked for; the worst quality shows', () => {
  const withQuality = (quality: RecordView['quality']) => [
    ...RECORDS.slice(0, 2),
    power('well', 200, { quality }),
  ];
  assert.equal(ask({}, withQuality('bad')).leftOut[0]?.reason, 'quality');
  assert.equal(ask({ quality: 'stale' }, withQuality('bad')).value, null);
  assert.equal(ask({}, withQuality('stale')).value, null);
  assert.equal(ask({ quality: 'stale' }, withQuality('stale')).quality, 'stale');
  assert.equal(ask({}, withQuality('sub')).quality, 'sub');
  assert.equal(ask({ quality: 'good' }, withQuality('sub')).value, null);
});

test('text is no number, and large integers are', () => {
  assert.equal(ask({}, [...RECORDS.slice(0, 2), power('well', 'off')]).leftOut[0]?.reason, 'not-a-number');
  assert.equal(ask({ function: 'count' }, [...RECORDS.slice(0, 2), power('well', 'off')]).value, 3);
  assert.equal(ask({}, [...RECORDS.slice(0, 2), power('well', 2n ** 60n)]).value, 400 + 2 ** 60);
});

test('watts and kilowatts are not summed', () => {
  const mixed = [...RECORDS.slice(0, 2), power('well', 0.2, { unit: 'kW' })];
  assert.match(ask({}, mixed).unknown?.text ?? '', /different units: W, kW/);
  assert.equal(ask({ function: 'count' }, mixed).value, 3);
});

test('a sum beyond the range of numbers is unknown', () => {
  assert.equal(
    ask(
      {},
      RECORDS.map((record) => ({ ...record, value: 1e308 })),
    ).unknown?.reason,
    'overflow',
  );
});

test('groups are by a tag, each judged by itself; nodes without the tag come last', () => {
  const tagged = [
    member('barn', { tags: { site: 'south' } }),
    member('roof', { tags: { site: 'north' } }),
    member('well', { tags: { site: 'south' } }),
    member('shed', { tags: {} }),
  ];
  const { groups } = aggregate({ ...QUERY, groupBy: 'site' }, tagged, RECORDS);
  assert.deepEqual(
    groups.map(({ tag, value, expected }) => [tag, value, expected]),
    [
      ['north', 300, 1],
      ['south', 300, 2],
      [null, null, 1],
    ],
  );
  assert.equal(ask({ where: { site: 'south' } }, RECORDS, tagged).value, 300);
  assert.equal(ask({ where: { site: 'east' } }, RECORDS, tagged).unknown?.reason, 'nobody-expected');
  // A tag is whatever its owner says, and no property of an object.
  assert.equal(aggregate({ ...QUERY, groupBy: 'constructor' }, tagged, RECORDS).groups[0]?.tag, null);
});

test('whoever knows how many nodes there should be says so: one that was never met is missing, too', () => {
  assert.equal(ask({ expected: 4 }).unknown?.reason, 'coverage');
  assert.deepEqual(
    [ask({ expected: 4, minCoverage: 0.75 }).value, ask({ expected: 4 }).coverage],
    [600, 0.75],
  );
  assert.equal(ask({ expected: 2 }).coverage, 1);
});

test('nobody is never summed to 0, not even where no coverage is asked for', () => {
  assert.equal(ask({ minCoverage: 0 }, []).unknown?.reason, 'no-values');
  assert.equal(ask({ minCoverage: 0, function: 'count' }, []).value, 0);
  assert.equal(ask({ minCoverage: 0, function: 'count' }, [], []).unknown?.reason, 'nobody-expected');
});

test('questions that make no sense are refused by the name of what is wrong', () => {
  const bad: [Partial<AggregateQuery>, RegExp][] = [
    [{ minCoverage: 1.5 }, /minCoverage: expected a share from 0 to 1; got 1.5/],
    [{ minCoverage: Number.NaN }, /minCoverage/],
    [{ maxAgeMs: -1 }, /maxAgeMs/],
    [{ key: 'power/' }, /key: expected one key/],
    [{ function: 'quantile' }, /quantile: expected a number from 0 to 1; got undefined/],
    [{ function: 'median' as never }, /function: expected one of sum/],
    [{ expected: 0 }, /expected: expected a whole number/],
    [{ expected: 3, groupBy: 'site' }, /without groupBy/],
    [{ quality: 'bad' as never }, /quality/],
  ];
  for (const [changes, message] of bad)
    assert.throws(() => ask(changes), { name: 'GridvineError', code: 'E_VALUE_INVALID', message });
});

test('a value is there only where enough nodes count, whatever comes', () => {
  const records = fc.array(
    fc.record({
      owner: fc.constantFrom(...MEMBERS.map((each) => each.id)),
      value: fc.oneof(fc.integer(), fc.constantFrom(null, 'x', true)),
      ageMs: fc.nat({ max: 10_000 }),
      quality: fc.constantFrom('good' as const, 'stale' as const, 'bad' as const, 'sub' as const),
    }),
  );
  fc.assert(
    fc.property(
      records,
      fc.constantFrom(...AGGREGATE_FUNCTIONS),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (views, name, minCoverage) => {
        const group = ask(
          { function: name, quantile: 0.5, minCoverage },
          views.map((view) => recordView({ ...view, key: 'power' })),
        );
        assert.equal(group.n + group.leftOut.length, group.expected);
        assert.equal(group.value === null, group.unknown !== null);
        if (group.value !== null)
          assert.ok(group.coverage >= minCoverage && (group.oldestMs ?? 0) <= QUERY.maxAgeMs);
      },
    ),
  );
});

test('a quantile lies between the least and the greatest, and grows with its share', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (numbers, p, q) => {
        const [low, high] = [quantileOf(numbers, Math.min(p, q)), quantileOf(numbers, Math.max(p, q))];
        assert.ok(low !== undefined && high !== undefined && low <= high);
        assert.equal(quantileOf(numbers, 0), Math.min(...numbers));
        assert.equal(quantileOf(numbers, 1), Math.max(...numbers));
      },
    ),
  );
  assert.equal(quantileOf([], 0.5), undefined);
});
