import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { OwnerRecords } from '#runtime/data/owner-records.ts';
import { stored, v } from '../../../support/record-tables.ts';
import { ANN } from '../../../support/wire.ts';

function keysAbove(records: OwnerRecords, from: number): string[] {
  return Array.from(records.above(v(from)), (record) => record.key);
}

test('records come back in ascending order of version, whatever order they were put in', () => {
  const records = new OwnerRecords(ANN);
  for (const [key, sequence] of [
    ['c', 3],
    ['a', 1],
    ['d', 4],
    ['b', 2],
  ] as const)
    records.set(stored({ key, version: v(sequence) }));
  assert.deepEqual(keysAbove(records, 0), ['a', 'b', 'c', 'd']);
  assert.deepEqual(keysAbove(records, 2), ['c', 'd']);
  assert.deepEqual(keysAbove(records, 4), []);
});

test('a replaced record is neither listed nor counted any more', () => {
  const records = new OwnerRecords(ANN);
  const newer = stored({ key: 'a', version: v(3), value: 'new' });
  records.set(stored({ key: 'a', version: v(1), value: 'a much longer old value' }));
  records.set(stored({ key: 'b', version: v(2) }));
  records.set(newer);
  assert.deepEqual(keysAbove(records, 0), ['b', 'a']);
  assert.equal(records.size, 2);
  assert.equal(records.bytes, newer.body.length + stored({ key: 'b', version: v(2) }).body.length);
});

test('a removed record is gone from the order, and putting it again restores it once', () => {
  const records = new OwnerRecords(ANN);
  const record = stored({ key: 'a', version: v(1) });
  records.set(record);
  records.remove('a');
  assert.deepEqual(keysAbove(records, 0), []);
  assert.equal(records.bytes, 0);
  records.set(stored({ key: 'a', version: v(2) }));
  assert.deepEqual(keysAbove(records, 0), ['a']);
});

test('tombstones count as records and as bytes, not as live ones', () => {
  const records = new OwnerRecords(ANN);
  records.set(stored({ key: 'a', version: v(1) }));
  records.set(stored({ key: 'a', version: v(2), deleted: true }));
  assert.equal(records.size, 1);
  assert.equal(records.liveCount, 0);
  records.set(stored({ key: 'a', version: v(3) }));
  assert.equal(records.liveCount, 1);
});

test('removing what is not there changes no count', () => {
  const records = new OwnerRecords(ANN);
  records.set(stored({ key: 'a', version: v(1) }));
  records.remove('b');
  assert.deepEqual([records.size, records.liveCount], [1, 1]);
});

test('[P-5.2] lines only grow', () => {
  // B-69
  const records = new OwnerRecords(ANN);
  assert.equal(records.raise({ known: v(5), gc: v(2) }), true);
  assert.equal(records.raise({ known: v(4), gc: v(1) }), false);
  assert.equal(records.raise({}), false);
  assert.deepEqual([records.known, records.gc], [v(5), v(2)]);
  assert.equal(records.raise({ gc: v(3) }), true);
  assert.deepEqual([records.known, records.gc], [v(5), v(3)]);
});

test('a tombstone line above the known line means a reset is under way', () => {
  const records = new OwnerRecords(ANN);
  records.raise({ known: v(2), gc: v(6) });
  assert.equal(records.resetting, true);
  records.raise({ known: v(6) });
  assert.equal(records.resetting, false);
});

test('the next older record is found past replaced ones', () => {
  const records = new OwnerRecords(ANN);
  records.set(stored({ key: 'a', version: v(1) }));
  records.set(stored({ key: 'b', version: v(2) }));
  records.set(stored({ key: 'b', version: v(5) }));
  assert.equal(records.versionBelow(v(5)), v(1));
  assert.equal(records.versionBelow(v(6)), v(5));
  assert.equal(records.versionBelow(v(1)), 0);
});

test('one key written ten thousand times keeps one record in the order', () => {
  const records = new OwnerRecords(ANN);
  for (let i = 1; i <= 10_000; i++) records.set(stored({ key: `k${i % 3}`, version: v(i) }));
  assert.deepEqual(keysAbove(records, 0), ['k2', 'k0', 'k1']);
  assert.equal(records.versionBelow(v(10_000)), v(9_999));
});

test('[P-5.23] a claim of a high boot uses nothing up; what the boot really rises by does', () => {
  const records = new OwnerRecords(ANN);
  assert.ok(records.mayRiseTo(900_000, 0), 'the first that is heard');
  records.raise({ known: makeVersion(5, 1) });
  for (let i = 0; i < 100; i++) assert.ok(records.mayRiseTo(16_000, i));
  assert.ok(!records.mayRiseTo(20_000, 100));
  const before = records.boot;
  records.raise({ known: makeVersion(16_000, 1) });
  records.noteRise(before, 200);
  assert.ok(records.mayRiseTo(16_100, 300));
  assert.ok(!records.mayRiseTo(17_000, 300));
  assert.ok(records.mayRiseTo(17_000, 86_400_000));
});
