import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deltaFor, freshBlock, isAhead, isBehind, itemOf } from '#runtime/data/delta.ts';
import { OwnerRecords } from '#runtime/data/owner-records.ts';
import { stored, v } from '../../../support/record-tables.ts';
import { ANN } from '../../../support/wire.ts';

const NOW = 50_000;
const TEN_EACH = () => 10;

function recordsOf(...sequences: number[]): OwnerRecords {
  const records = new OwnerRecords(ANN);
  for (const sequence of sequences)
    records.set(stored({ key: `k${sequence}`, version: v(sequence) }, 40_000));
  records.raise({ known: v(Math.max(...sequences)) });
  return records;
}

function line(known: number, gc = 0) {
  return { owner: ANN, known: v(known), gc: v(gc) };
}

test('[P-5.7] an item carries its age, never a negative one', () => {
  assert.equal(itemOf(stored({}, 49_000), NOW).ageMs, 1_000);
  assert.equal(itemOf(stored({}, 51_000), NOW).ageMs, 0);
  assert.equal(itemOf(stored({}, 48_999.6), NOW).ageMs, 1_000);
  assert.equal('signature' in itemOf(stored({}), NOW), false);
});

test('[P-5.8] a delta that is cut is a prefix by version and ends with its last item', () => {
  // B-67
  const records = recordsOf(1, 2, 3, 4);
  for (const [room, count, to] of [
    [40, 4, 4],
    [39, 3, 3],
    [20, 2, 2],
    [10, 1, 1],
  ]) {
    const block = deltaFor(records, line(0), NOW, room, TEN_EACH);
    assert.deepEqual([block?.items.length, block?.from, block?.to], [count, 0, v(to)]);
  }
  assert.equal(deltaFor(records, line(0), NOW, 9, TEN_EACH), undefined);
});

test('a delta that is whole ends at the known line, even without items', () => {
  const records = recordsOf(1, 2);
  records.raise({ known: v(9) });
  assert.equal(deltaFor(records, line(1), NOW, 100, TEN_EACH)?.to, v(9));
  const empty = deltaFor(records, line(5), NOW, 0, TEN_EACH);
  assert.deepEqual([empty?.from, empty?.to, empty?.items.length], [v(5), v(9), 0]);
});

test('a delta holds nothing above the known line: below it there may be gaps', () => {
  const records = recordsOf(1, 2);
  records.set(stored({ key: 'late', version: v(8) }));
  const block = deltaFor(records, line(0), NOW, 100, TEN_EACH);
  assert.deepEqual([block?.items.length, block?.to], [2, v(2)]);
});

test('a peer that lacks nothing gets nothing', () => {
  const records = recordsOf(1, 2);
  for (const peer of [line(2), line(3), line(2, 1)])
    assert.equal(deltaFor(records, peer, NOW, 100, TEN_EACH), undefined);
});

test('[P-5.5] a peer behind the tombstone line starts from 0, one in the middle of that reset goes on', () => {
  // B-69
  const records = recordsOf(1, 2, 7);
  records.raise({ gc: v(5) });
  assert.equal(deltaFor(records, line(3), NOW, 100, TEN_EACH)?.from, 0);
  assert.equal(deltaFor(records, line(3, 2), NOW, 100, TEN_EACH)?.from, 0);
  assert.equal(deltaFor(records, line(2, 5), NOW, 100, TEN_EACH)?.from, v(2));
  assert.equal(deltaFor(records, line(6), NOW, 100, TEN_EACH)?.from, v(6));
});

test('a holder in the middle of a reset claims nothing', () => {
  const records = recordsOf(1, 2);
  records.raise({ gc: v(9) });
  assert.equal(isAhead(records, line(0)), false);
  assert.equal(deltaFor(records, line(0), NOW, 100, TEN_EACH), undefined);
});

test('ahead and behind are told by the known line, then by the tombstone line', () => {
  const records = recordsOf(1, 5);
  records.raise({ gc: v(3) });
  for (const [peer, ahead, behind] of [
    [line(5, 3), false, false],
    [line(4, 3), true, false],
    [line(5, 2), true, false],
    [line(6, 0), false, true],
    [line(5, 4), false, true],
  ] as const) {
    assert.equal(isAhead(records, peer), ahead);
    assert.equal(isBehind(records, peer), behind);
  }
  assert.equal(isBehind(undefined, line(0)), false);
  assert.equal(isBehind(undefined, line(1)), true);
});

test('a push of the newest record joins on to the one before it', () => {
  const records = recordsOf(1, 4);
  const block = freshBlock(records, records.get('k4')!, NOW);
  assert.deepEqual([block.from, block.to, block.items.length], [v(1), v(4), 1]);
});

test('a push of a record above the own known line claims nothing', () => {
  const records = recordsOf(1);
  const late = stored({ key: 'late', version: v(8) });
  records.set(late);
  const block = freshBlock(records, late, NOW);
  assert.deepEqual([block.from, block.to], [v(7), v(8)]);
});
