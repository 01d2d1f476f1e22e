import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const PLAN = 'plan '.repeat(2_000);

/** A writer with a batch whose plan is long, and another node that has it. */
function scene() {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.mutate(ann, (engine, nowMs) =>
    engine.putMany(nowMs, [
      { key: 'mode', value: 'plan' },
      { key: 'plan', value: PLAN },
    ]),
  );
  pump.until(() => pump.read(ben, ann.id, 'plan')?.value === PLAN, 5_000, 'ben has it');
  return { pump, ann, ben };
}

function kept(node: PumpNode): KeptOwner[] {
  return node.engine.keep
    .changedSince(0)
    .changed.map(({ owner, known, gc, entries }) => ({ owner, known, gc, entries: [...entries] }));
}

test('a long value that was kept is there after a restart, before anybody is asked', () => {
  const { pump, ann, ben } = scene();
  const owners = kept(ben);
  pump.kill(ann);
  pump.kill(ben);
  const again = pump.add();
  pump.mutate(again, (engine, nowMs) => engine.keep.takeBack(nowMs, owners));
  assert.equal(pump.read(again, ann.id, 'plan')?.value, PLAN);
  assert.equal(pump.read(again, ann.id, 'mode')?.value, 'plan');
  assert.equal(again.engine.gauges().fetches, 0);
});

test('what was put together with something that is to end is there after a restart, whether that has ended or not', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const until = { key: 'until', value: 17, ttlMs: 60_000 };
  pump.mutate(ann, (engine, nowMs) =>
    engine.putMany(nowMs, [{ key: 'mode', value: 'manual' }, until, { key: 'target', value: 40 }]),
  );
  const seen = (node: PumpNode) =>
    node.engine.records(pump.nowMs, { owner: ann.id }).map(({ key, value }) => [key, value]);
  pump.until(() => seen(ben).length === 3, 5_000, 'ben has it');
  // Nobody knows how long the board was off.
  const owners = kept(ben).map((owner) => ({
    ...owner,
    entries: Array.from(owner.entries, (entry) => ({ ...entry, ageBoundMs: Number.POSITIVE_INFINITY })),
  }));
  const again = pump.add();
  pump.mutate(again, (engine, nowMs) => engine.keep.takeBack(nowMs, owners));
  assert.deepEqual(seen(again).sort(), [
    ['mode', 'manual'],
    ['target', 40],
  ]);
  // Who knows says that it hasn't.
  pump.join(again, ann);
  pump.until(() => seen(again).length === 3, 10_000, 'all of it');
});

test('without it, or with another in its place, the batch waits until it is fetched', () => {
  const { pump, ann, ben } = scene();
  const spoilt = (content: Uint8Array | undefined) =>
    kept(ben).map((owner) => ({
      ...owner,
      entries: [...owner.entries].map((entry) => ({ ...entry, ...(entry.content && { content }) })),
    }));
  for (const content of [undefined, new Uint8Array(5)]) {
    const again = pump.add();
    pump.mutate(again, (engine, nowMs) => engine.keep.takeBack(nowMs, spoilt(content)));
    assert.equal(pump.read(again, ann.id, 'plan'), undefined);
    assert.equal(pump.read(again, ann.id, 'mode'), undefined);
    pump.join(again, ann);
    pump.until(() => pump.read(again, ann.id, 'plan')?.value === PLAN, 30_000, 'it was fetched');
    assert.equal(pump.read(again, ann.id, 'mode')?.value, 'plan');
  }
});
