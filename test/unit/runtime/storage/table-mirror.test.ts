import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { tableOfRows } from '#runtime/storage/stored-table.ts';
import { type Difference, TableMirror } from '#runtime/storage/table-mirror.ts';
import type { StoredRow } from '#runtime/storage/table-store.ts';
import { ABOUT, ANN, BEN, keptEntry, keptOwner, SELF } from '../../../support/stored-rows.ts';

const TIMES = new StoreTimes(ABOUT, { machineBoot: 'm1', bootMs: 6_000 });

/** A store as a map, with the mirror that writes to it. */
class Bench {
  readonly rows = new Map<number, StoredRow>();
  readonly mirror = new TableMirror([]);
  readonly ownKeys = new Set<string>();
  held = new Set<string>();

  write(...changed: KeptOwner[]): Difference {
    for (const { owner } of changed) this.held.add(owner);
    const wanted = { changed, holds: (id: string) => this.held.has(id), self: SELF, ownKeys: this.ownKeys };
    const difference = this.mirror.difference(wanted, TIMES);
    for (const id of difference.remove) assert.ok(this.rows.delete(id), `row ${id}`);
    for (const row of difference.put) this.rows.set(row.id, row);
    this.mirror.apply(difference);
    assert.equal(this.mirror.size, this.rows.size);
    return difference;
  }

  get table() {
    return tableOfRows(
      [...this.rows.values()].sort((a, b) => a.id - b.id),
      TIMES,
    );
  }

  /** Others as they come back, records by key. */
  get others() {
    return this.table.others.map(({ entries, ...lines }) => ({
      ...lines,
      entries: [...entries].sort((a, b) => (a.key < b.key ? -1 : 1)),
    }));
  }
}

test('what is written comes back, with lines, ages and signatures', () => {
  const bench = new Bench();
  const ann = keptOwner(
    ANN,
    3,
    keptEntry('a', 1, { signature: new Uint8Array(64).fill(3) }),
    keptEntry('b', 3, { setAtMs: -4_000, ageBoundMs: null, expired: true }),
  );
  bench.write(ann, keptOwner(BEN, 0));
  assert.deepEqual(bench.others, [ann, keptOwner(BEN, 0)]);
  assert.equal(bench.table.damagedOwners, 0);
});

test('only what changed is written again', () => {
  const bench = new Bench();
  bench.write(keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2)), keptOwner(BEN, 1, keptEntry('c', 1)));
  assert.deepEqual(bench.write(keptOwner(BEN, 1, keptEntry('c', 1))).put, []);
  const after = keptOwner(ANN, 3, keptEntry('a', 1), keptEntry('b', 3));
  const { put } = bench.write(after);
  assert.deepEqual(
    put.map(({ owner, key }) => [owner, key]),
    [
      [ANN, 'b'],
      [ANN, null],
    ],
  );
  assert.deepEqual(bench.others[0], after);
});

test('a record that ended is written again, one that went is removed, and so is an owner that is not held', () => {
  const bench = new Bench();
  bench.write(keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2)), keptOwner(BEN, 1, keptEntry('c', 1)));
  const after = keptOwner(ANN, 2, keptEntry('b', 2, { expired: true }));
  bench.write(after);
  assert.deepEqual(bench.others[0], after);
  bench.held = new Set([ANN]);
  bench.write();
  assert.deepEqual(bench.others, [after]);
});

test('what changes often stays together at the end, whatever lies between', () => {
  const bench = new Bench();
  const quiet = Array.from({ length: 300 }, (_, i) => keptEntry(`k${i}`, i + 1));
  bench.write(keptOwner(ANN, 300, ...quiet));
  bench.write(keptOwner(BEN, 1, keptEntry('power', 1)));
  let turn = 300;
  const change = () => {
    turn++;
    return keptOwner(ANN, turn, keptEntry('k7', turn), ...quiet.filter(({ key }) => key !== 'k7'));
  };
  const first = bench.write(change());
  assert.ok(
    first.put.every(({ id }) => id > 300),
    'moved to the end',
  );
  const ids = first.put.map(({ id }) => id);
  const second = bench.write(change());
  assert.deepEqual(
    second.put.map(({ id }) => id),
    ids,
  );
  assert.deepEqual(second.remove, []);
});

test('of this node itself only what it is to keep is there, and stays until it is dropped', () => {
  const bench = new Bench();
  bench.ownKeys.add('limit');
  bench.write(keptOwner(SELF, 3, keptEntry('node', 1), keptEntry('limit', 2), keptEntry('power', 3)));
  assert.deepEqual(
    bench.table.own.map(({ key }) => key),
    ['limit'],
  );
  // Refused at the start, such as by a quota that was lowered: kept for the next one.
  bench.write(keptOwner(SELF, 1, keptEntry('node', 1)));
  assert.deepEqual(
    bench.table.own.map(({ key }) => key),
    ['limit'],
  );
  bench.ownKeys.delete('limit');
  bench.write();
  assert.deepEqual(bench.table.own, []);
  assert.deepEqual(bench.table.others, []);
});

test('an owner whose rows do not belong together is left out and told', () => {
  const bench = new Bench();
  const ben = keptOwner(BEN, 1, keptEntry('c', 1));
  bench.write(keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2)), ben);
  const lost = [...bench.rows.values()].find(({ key }) => key === 'b')!;
  bench.rows.delete(lost.id);
  assert.deepEqual(bench.others, [ben]);
  assert.equal(bench.table.damagedOwners, 1);
  for (const { id, owner, key } of bench.rows.values())
    if (owner === BEN && key === null) bench.rows.delete(id);
  assert.deepEqual(bench.others, []);
  assert.equal(bench.table.damagedOwners, 2);
});

test('an owner that was forgotten since it was listed is not written as one of whom all is known', () => {
  const wanted = { changed: [keptOwner(ANN, 5)], holds: () => false, self: SELF, ownKeys: new Set<string>() };
  const { put, owners } = new TableMirror([]).difference(
    wanted,
    new StoreTimes(undefined, { machineBoot: null, bootMs: 0 }),
  );
  assert.deepEqual([put.length, owners], [0, 1]);
});
