import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deltaFor, freshBlock } from '#runtime/data/delta.ts';
import { blockOf, stored, TestTable, v } from '../../../support/record-tables.ts';
import { ANN } from '../../../support/wire.ts';

const NOW = 1_000_000;

/** The owner put node@1 a@2 r@3, deleted r at 4, collected the tombstone, and put a again at 5. */
function ownerThatCollected(): TestTable {
  const held = new TestTable();
  const own = held.table.openOwn(ANN, 0, NOW);
  for (const [key, sequence, deleted] of [
    ['node', 1, false],
    ['a', 2, false],
    ['r', 3, false],
    ['r', 4, true],
  ] as const)
    held.table.putOwn(own, stored({ key, version: v(sequence), deleted }), NOW);
  held.table.collectTombstones(own, v(4), NOW);
  held.table.putOwn(own, stored({ key: 'a', version: v(5) }), NOW);
  return held;
}

test('a push that spans a collected tombstone does not let its key live on', () => {
  // B-70
  const owner = ownerThatCollected();
  const away = new TestTable();
  away.table.merge(blockOf(0, 3, 0, ['node', 1], ['a', 2], ['r', 3]), NOW, null);
  const records = owner.table.owner(ANN)!;
  away.table.merge(freshBlock(records, records.get('a')!, NOW), NOW, null);
  const delta = deltaFor(records, away.table.line(ANN), NOW, 10_000, () => 50);
  if (delta !== undefined) away.table.merge(delta, NOW, null);
  assert.deepEqual(away.live(), ['node@1', 'a@5']);
});

test('a node in the middle of a reset takes nothing old from a peer that is behind the tombstone line', () => {
  // B-70
  const owner = ownerThatCollected();
  const stale = new TestTable();
  stale.table.merge(blockOf(0, 3, 0, ['node', 1], ['a', 2], ['r', 3]), NOW, null);
  const newcomer = new TestTable();
  const line = () => newcomer.table.line(ANN);
  newcomer.table.merge(deltaFor(owner.table.owner(ANN)!, line(), NOW, 50, () => 50)!, NOW, null);
  assert.equal(newcomer.lines(), '1 4');
  const old = deltaFor(stale.table.owner(ANN)!, line(), NOW, 10_000, () => 50);
  if (old !== undefined) newcomer.table.merge(old, NOW, null);
  const rest = deltaFor(owner.table.owner(ANN)!, line(), NOW, 10_000, () => 50);
  if (rest !== undefined) newcomer.table.merge(rest, NOW, null);
  assert.deepEqual(newcomer.live(), ['node@1', 'a@5']);
});

test('a reset that is under way forgets unlisted records whatever tombstone line the next block carries', () => {
  const newcomer = new TestTable();
  newcomer.table.merge(blockOf(5, 6, 0, ['r', 6]), NOW, null);
  newcomer.table.merge(blockOf(0, 2, 9, ['a', 2]), NOW, null);
  newcomer.table.merge(blockOf(2, 8, 8, ['b', 8]), NOW, null);
  newcomer.table.merge(blockOf(8, 12, 9, ['c', 12]), NOW, null);
  newcomer.table.merge(blockOf(2, 12, 9, ['b', 8], ['c', 12]), NOW, null);
  assert.deepEqual(newcomer.live(), ['a@2', 'b@8', 'c@12']);
});

test('a holder that slept through the short life of a newer value does not keep the older one for ever', () => {
  // B-71
  const holder = new TestTable();
  const away = new TestTable();
  const first = blockOf(0, 1, 0, ['a', 1]);
  const short = stored({ key: 'a', version: v(2), ttlMs: 1_000 });
  for (const each of [holder, away]) each.table.merge(first, NOW, null);
  holder.table.merge({ ...blockOf(1, 2, 0), items: [{ body: short.body, ageMs: 0 }] }, NOW, null);
  holder.table.expire(NOW + 5_000);
  const delta = deltaFor(holder.table.owner(ANN)!, away.table.line(ANN), NOW + 5_000, 10_000, () => 50)!;
  away.table.merge(delta, NOW + 5_000, null);
  away.table.expire(NOW + 5_000);
  assert.equal(away.lines(), holder.lines());
  assert.deepEqual(away.live(), holder.live());
});

test('a reader never sees an older value after a newer one has expired', () => {
  const held = new TestTable();
  const short = stored({ key: 'a', version: v(9), ttlMs: 1_000 });
  held.table.merge({ ...blockOf(8, 9, 0), items: [{ body: short.body, ageMs: 0 }] }, NOW, null);
  held.table.expire(NOW + 1_000);
  held.table.merge(blockOf(0, 5, 0, ['a', 5]), NOW + 2_000, null);
  assert.deepEqual(held.takeChanges(), ['put a@9', 'expire a@9']);
});

test('asking for the owners of the last second does not forget those of the last three', () => {
  const held = new TestTable();
  held.table.merge(blockOf(0, 1, 0, ['a', 1]), NOW, null);
  held.table.recentOwners(NOW + 1_000, 1);
  assert.equal(held.table.recentOwners(NOW - 1, 24).length, 1);
});

test('a record replaced by one without ttl leaves no deadline behind', () => {
  const held = new TestTable();
  const record = stored({ key: 'a', version: v(1), ttlMs: 86_400_000 });
  held.table.merge({ ...blockOf(0, 1, 0), items: [{ body: record.body, ageMs: 0 }] }, NOW, null);
  held.table.merge(blockOf(1, 2, 0, ['-a', 2]), NOW, null);
  assert.equal(held.table.nextExpiryMs, Number.POSITIVE_INFINITY);
});

test('[P-5.4] a reset in several blocks forgets, in each, what its span does not list', () => {
  const held = new TestTable();
  held.table.merge(blockOf(0, 6, 0, ['a', 1], ['b', 3], ['c', 5], ['d', 6]), NOW, null);
  held.table.merge(blockOf(0, 2, 9, ['a', 1]), NOW, null);
  assert.equal(held.lines(), '2 9');
  held.table.merge(blockOf(2, 12, 9, ['d', 6], ['e', 12]), NOW, null);
  assert.deepEqual(held.live(), ['a@1', 'd@6', 'e@12']);
  assert.equal(held.lines(), '12 9');
});
