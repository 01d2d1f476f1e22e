import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const EACH = 8;

/** Puts set points in batches of eight. */
function putBatches(pump: EnginePump, node: PumpNode, count: number): void {
  for (let i = 0; i < count; i++) {
    const entries = Array.from({ length: EACH }, (_, j) => ({ key: `set/${i}/${j}`, value: i * EACH + j }));
    pump.mutate(node, (engine, nowMs) => engine.putMany(nowMs, entries));
  }
}

/** What a reader sees of an owner, as text. */
function seen(pump: EnginePump, reader: PumpNode, owner: PumpNode): string {
  return JSON.stringify(
    reader.engine
      .records(pump.nowMs, { owner: owner.id })
      .map(({ key, value, version }) => `${key}=${String(value)}@${version}`)
      .sort(),
  );
}

function kept(node: PumpNode): KeptOwner[] {
  return node.engine.keep
    .changedSince(0)
    .changed.map(({ owner, known, gc, entries }) => ({ owner, known, gc, entries: [...entries] }));
}

test('however many batches were kept, all of them are there after a restart, and stay kept', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  putBatches(pump, ann, 50);
  pump.until(() => seen(pump, ben, ann) === seen(pump, ann, ann), 60_000, 'ben has it');
  const before = kept(ben).find(({ owner }) => owner === ann.id)!;
  const again = pump.add();
  pump.mutate(again, (engine, nowMs) => engine.keep.takeBack(nowMs, kept(ben)));
  assert.equal(seen(pump, again, ann), seen(pump, ann, ann));
  assert.equal(again.engine.counters.drops.quota, 0);
  const after = kept(again).find(({ owner }) => owner === ann.id)!;
  assert.deepEqual([after.known, after.gc], [before.known, before.gc]);
  const bodies = ({ entries }: KeptOwner) =>
    Array.from(entries, ({ body }) => Buffer.from(body).toString('hex')).sort();
  assert.deepEqual(bodies(after), bodies(before));
});

test('what was kept is taken back whole by a node that may hold less than before', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  putBatches(pump, ann, 6);
  pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, 'plan', 'plan '.repeat(1_000)));
  pump.until(() => seen(pump, ben, ann) === seen(pump, ann, ann), 60_000, 'ben has it');
  for (const settings of [{ ownersMax: 1 }, { tableBytesMax: 2_000 }, { recordsPerOwnerMax: 20 }]) {
    const again = pump.add({ settings });
    pump.mutate(again, (engine, nowMs) => engine.keep.takeBack(nowMs, kept(ben)));
    assert.equal(seen(pump, again, ann), seen(pump, ann, ann));
  }
});

test('a newcomer gets all batches of an owner that has since put one record of each alone', () => {
  const pump = new EnginePump();
  const [ann] = pump.cluster(2);
  putBatches(pump, ann, 40);
  // The eighth of each is now behind all others, and what there is of them comes first.
  for (let i = 0; i < 40; i++)
    pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, `set/${i}/${EACH - 1}`, -i));
  const late = pump.add();
  pump.join(late, ann);
  pump.until(() => seen(pump, late, ann) === seen(pump, ann, ann), 60_000, 'the newcomer has it');
  assert.equal(late.engine.counters.drops.quota, 0);
  assert.equal(late.engine.gauges().held, 0);
});
