import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOf, stored, TestTable, v } from '../../../support/record-tables.ts';
import { ANN, BEN } from '../../../support/wire.ts';

const NOW = 1_000_000;

function merge(held: TestTable, block: ReturnType<typeof blockOf>, nowMs = NOW) {
  return held.table.merge(block, nowMs, null);
}

test('[P-5.3] a block that begins at the known line raises it, and its records are news once', () => {
  const held = new TestTable();
  const result = merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  assert.deepEqual(
    result.fresh.map((record) => record.key),
    ['a', 'b'],
  );
  assert.deepEqual([result.advanced, result.gap, result.refused], [true, false, undefined]);
  assert.equal(held.lines(), '2 0');
  const again = merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  assert.deepEqual([again.fresh.length, again.advanced, again.gap], [0, false, false]);
  assert.deepEqual(held.takeChanges(), ['put a@1', 'put b@2']);
});

test('[P-5.3] a block above the known line is merged, says that there is a gap, and leaves the line', () => {
  // B-68
  const held = new TestTable();
  merge(held, blockOf(0, 1, 0, ['a', 1]));
  const result = merge(held, blockOf(4, 5, 0, ['b', 5]));
  assert.deepEqual([result.fresh.length, result.advanced, result.gap], [1, false, true]);
  assert.equal(held.lines(), '1 0');
  assert.deepEqual(held.live(), ['a@1', 'b@5']);
});

test('a gap is filled by a later block, and nothing of it is told twice', () => {
  const held = new TestTable();
  merge(held, blockOf(4, 5, 0, ['b', 5]));
  merge(held, blockOf(0, 5, 0, ['a', 1], ['c', 3], ['b', 5]));
  assert.equal(held.lines(), '5 0');
  assert.deepEqual(held.takeChanges(), ['put b@5', 'put a@1', 'put c@3']);
});

test('[P-5.1] of two records of one key the higher version stays', () => {
  const held = new TestTable();
  merge(held, blockOf(6, 7, 0, ['a', 7]));
  merge(held, blockOf(0, 3, 0, ['a', 3]));
  assert.deepEqual(held.live(), ['a@7']);
  assert.deepEqual(held.takeChanges(), ['put a@7']);
});

test('a tombstone removes the record for readers and stays for peers', () => {
  const held = new TestTable();
  merge(held, blockOf(0, 1, 0, ['a', 1]));
  merge(held, blockOf(1, 2, 0, ['-a', 2]));
  assert.deepEqual(held.live(), []);
  assert.deepEqual(held.tombstones(), ['a@2']);
  assert.equal(held.table.liveCount, 0);
  assert.deepEqual(held.takeChanges(), ['put a@1', 'delete a@2']);
});

test('a tombstone of a key that was never seen is no event', () => {
  const held = new TestTable();
  merge(held, blockOf(0, 2, 0, ['-a', 2]));
  assert.deepEqual(held.takeChanges(), []);
});

test('a deleted and collected key does not come back by an old block', () => {
  // B-70
  const held = new TestTable();
  merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  merge(held, blockOf(2, 3, 0, ['-a', 3]));
  merge(held, blockOf(3, 4, 3, ['c', 4]));
  assert.equal(held.lines(), '4 3');
  assert.deepEqual(held.tombstones(), []);
  merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  assert.deepEqual(held.live(), ['b@2', 'c@4']);
});

test('[P-5.4] a reset forgets what it does not list and takes the tombstone line', () => {
  // B-69
  const held = new TestTable();
  merge(held, blockOf(0, 3, 0, ['a', 1], ['b', 2], ['c', 3]));
  held.takeChanges();
  const result = merge(held, blockOf(0, 9, 5, ['b', 2], ['d', 9]));
  assert.equal(result.advanced, true);
  assert.equal(held.lines(), '9 5');
  assert.deepEqual(held.live(), ['b@2', 'd@9']);
  assert.deepEqual(held.takeChanges(), ['forget a@1', 'forget c@3', 'put d@9']);
});

test('a block from 0 whose tombstone line is not above the known line resets nothing', () => {
  // B-69
  const held = new TestTable();
  merge(held, blockOf(0, 5, 3, ['a', 1], ['b', 5]));
  merge(held, blockOf(0, 4, 5, ['a', 1]));
  assert.deepEqual(held.live(), ['a@1', 'b@5']);
});

test('[P-5.6] a new boot forgets all that it does not put again', () => {
  const held = new TestTable();
  merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  const start = 2 * 2 ** 32;
  const again = stored({ key: 'a', version: start + 1 });
  held.table.merge(
    { owner: ANN, from: 0, to: start + 1, gc: start, items: [{ body: again.body, ageMs: 0 }] },
    NOW,
    null,
  );
  assert.deepEqual(
    [...held.table.owner(ANN)!.values()].map((record) => record.version),
    [start + 1],
  );
});

test('an item outside its block, or one that is no record, refuses the whole block', () => {
  const held = new TestTable();
  const above = { ...blockOf(0, 3, 0, ['a', 1]), to: v(0) };
  const below = blockOf(2, 3, 0, ['a', 1]);
  const broken = { ...blockOf(0, 3, 0), items: [{ body: Uint8Array.of(0xff), ageMs: 0 }] };
  const mixed = { ...broken, items: [...blockOf(0, 3, 0, ['a', 1]).items, ...broken.items] };
  for (const block of [above, below, broken, mixed]) {
    assert.equal(merge(held, block).refused, 'malformed');
    assert.equal(held.table.ownerCount, 0);
  }
});

test('a full table refuses further owners, and takes news of those it has', () => {
  const held = new TestTable({ ownersMax: 1 });
  merge(held, blockOf(0, 1, 0, ['a', 1]));
  assert.equal(merge(held, { ...blockOf(0, 1, 0, ['a', 1]), owner: BEN }).refused, 'table-full');
  assert.equal(held.table.ownerCount, 1);
  assert.equal(merge(held, blockOf(1, 2, 0, ['b', 2])).refused, undefined);
});

test('an owner that passes its quota is refused the rest, and the line stays where it is', () => {
  const held = new TestTable({ recordsPerOwnerMax: 2 });
  const result = merge(held, blockOf(0, 3, 0, ['a', 1], ['b', 2], ['c', 3]));
  assert.equal(result.refused, 'quota');
  assert.deepEqual(held.live(), ['a@1', 'b@2']);
  assert.equal(held.lines(), '0 0');
});

test('an owner at its quota may still change and delete what it has', () => {
  const held = new TestTable({ recordsPerOwnerMax: 2 });
  merge(held, blockOf(0, 2, 0, ['a', 1], ['b', 2]));
  assert.equal(merge(held, blockOf(2, 4, 0, ['a', 3], ['-b', 4])).refused, undefined);
  assert.deepEqual(held.live(), ['a@3']);
});

test('bytes count towards the quota', () => {
  const held = new TestTable({ bytesPerOwnerMax: 100 });
  const big = stored({ key: 'big', version: v(1), value: 'x'.repeat(200) });
  const block = { ...blockOf(0, 1, 0), items: [{ body: big.body, ageMs: 0 }] };
  assert.equal(merge(held, block).refused, 'quota');
  assert.equal(held.table.liveCount, 0);
});

test('[P-5.7] age counts from when the owner set it, and validity ends on every holder by itself', () => {
  // B-71
  const held = new TestTable();
  const record = stored({ key: 'a', version: v(1), ttlMs: 1_000 });
  merge(held, { ...blockOf(0, 1, 0), items: [{ body: record.body, ageMs: 400 }] });
  assert.equal(held.table.owner(ANN)!.get('a')!.setAtMs, NOW - 400);
  assert.equal(held.table.nextExpiryMs, NOW + 600);
  held.table.expire(NOW + 599);
  assert.deepEqual(held.live(), ['a@1']);
  held.table.expire(NOW + 600);
  assert.deepEqual(held.live(), []);
  assert.equal(held.lines(), '1 0');
  assert.deepEqual(held.takeChanges(), ['put a@1', 'expire a@1']);
  assert.equal(held.table.nextExpiryMs, Number.POSITIVE_INFINITY);
});

test('a record that is over when it comes is no news, and ends the older one', () => {
  // B-71
  const held = new TestTable();
  merge(held, blockOf(0, 1, 0, ['a', 1]));
  const record = stored({ key: 'a', version: v(2), ttlMs: 1_000 });
  const result = merge(held, { ...blockOf(1, 2, 0), items: [{ body: record.body, ageMs: 1_000 }] });
  assert.deepEqual([result.fresh.length, result.advanced], [0, true]);
  assert.deepEqual(held.live(), []);
  assert.deepEqual(held.takeChanges(), ['put a@1', 'expire a@1']);
});

test('a value set again without a ttl outlives the end of the older one', () => {
  // B-71
  const held = new TestTable();
  const record = stored({ key: 'a', version: v(1), ttlMs: 1_000 });
  merge(held, { ...blockOf(0, 1, 0), items: [{ body: record.body, ageMs: 0 }] });
  merge(held, blockOf(1, 2, 0, ['a', 2]));
  held.table.expire(NOW + 5_000);
  assert.deepEqual(held.live(), ['a@2']);
});

test('a value deleted before its ttl ends is not reported as expired later', () => {
  // B-71
  const held = new TestTable();
  const record = stored({ key: 'a', version: v(1), ttlMs: 1_000 });
  merge(held, { ...blockOf(0, 1, 0), items: [{ body: record.body, ageMs: 0 }] });
  merge(held, blockOf(1, 2, 0, ['-a', 2]));
  held.table.expire(NOW + 5_000);
  assert.deepEqual(held.takeChanges(), ['put a@1', 'delete a@2']);
  assert.deepEqual(held.tombstones(), ['a@2']);
});

test('the owner forgets tombstones up to a version; lines and live records stay', () => {
  const held = new TestTable();
  const own = held.table.openOwn(ANN, v(0), 0);
  for (const [key, sequence, deleted] of [
    ['a', 1, false],
    ['b', 2, false],
    ['a', 3, true],
    ['b', 4, true],
  ] as const)
    held.table.putOwn(own, stored({ key, version: v(sequence), deleted }), 0);
  held.table.collectTombstones(own, v(3), 0);
  assert.deepEqual(held.tombstones(), ['b@4']);
  assert.equal(held.lines(), '4 3');
  held.table.collectTombstones(own, v(1), 0);
  assert.equal(held.lines(), '4 3');
});

test('the tombstone line never passes the known one by collecting', () => {
  const held = new TestTable();
  const own = held.table.openOwn(ANN, v(0), 0);
  held.table.putOwn(own, stored({ key: 'a', version: v(1), deleted: true }), 0);
  held.table.collectTombstones(own, v(9), 0);
  assert.equal(held.lines(), '1 1');
});

test('forgetting an owner takes all of it, the hash too', () => {
  const held = new TestTable();
  const empty = held.table.hash.totalWithout([]);
  merge(held, blockOf(0, 2, 0, ['a', 1], ['-b', 2]));
  held.takeChanges();
  held.table.forget(ANN);
  assert.deepEqual(held.takeChanges(), ['forget a@1']);
  assert.deepEqual([held.table.ownerCount, held.table.liveCount], [0, 0]);
  assert.deepEqual(held.table.hash.totalWithout([]), empty);
  held.table.forget(ANN);
  assert.deepEqual(held.takeChanges(), []);
});

test('recent owners are listed latest first, as many as wanted', () => {
  const held = new TestTable();
  for (const [i, byte] of ['01', '02', '03'].entries())
    held.table.merge({ ...blockOf(0, 1, 0, ['a', 1]), owner: byte.repeat(16) }, NOW + i, null);
  const owners = (sinceMs: number, limit: number) =>
    held.table.recentOwners(sinceMs, limit).map((records) => records.owner.slice(0, 2));
  assert.deepEqual(owners(NOW - 1, 2), ['03', '02']);
  assert.deepEqual(owners(NOW, 9), ['03', '02']);
  assert.deepEqual(owners(NOW + 2, 9), []);
});

test('[P-3.8] a block that was seen before changes nothing, the time of the last change neither', () => {
  const held = new TestTable();
  merge(held, blockOf(0, 1, 0, ['a', 1]));
  merge(held, blockOf(0, 1, 0, ['a', 1]), NOW + 5_000);
  assert.equal(held.table.owner(ANN)!.changedAtMs, NOW);
});
