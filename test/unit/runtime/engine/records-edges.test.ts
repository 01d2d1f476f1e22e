import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';

test('a deleted and collected key does not come back from a node that was away meanwhile', () => {
  // B-70
  const pump = new EnginePump({ settings: { tombstoneGraceMs: 20_000 } });
  const nodes = pump.cluster(4);
  for (const key of ['keep', 'gone']) pump.mutate(nodes[0], (engine, nowMs) => engine.put(nowMs, key, 1));
  pump.run(2_000);
  pump.drop = (from, to) => from === nodes[3] || to === nodes[3];
  pump.mutate(nodes[0], (engine, nowMs) => engine.delete(nowMs, 'gone'));
  pump.run(60_000);
  pump.mutate(nodes[0], (engine, nowMs) => engine.put(nowMs, 'later', 1));
  pump.run(1_000);
  pump.drop = () => false;
  pump.until(() => pump.read(nodes[3], nodes[0].id, 'later') !== undefined, 60_000, 'the later value');
  pump.run(20_000);
  for (const node of nodes) {
    assert.equal(pump.read(node, nodes[0].id, 'gone'), undefined);
    assert.equal(pump.read(node, nodes[0].id, 'keep')?.value, 1);
  }
});

test('a value that its giver changes later stays as it was put', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const value = { soc: 50, cells: [1, 2] };
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'battery', value));
  value.soc = 99;
  value.cells.push(3);
  assert.deepEqual(pump.read(node, node.id, 'battery')?.value, { soc: 50, cells: [1, 2] });
});

test('two nodes whose quotas differ do not ask each other for ever', () => {
  const pump = new EnginePump();
  const small = pump.add({ settings: { recordsPerOwnerMax: 100 } });
  const large = pump.add();
  pump.join(small, large);
  pump.run(3_000);
  for (let i = 0; i < 300; i++)
    pump.mutate(large, (engine, nowMs) => engine.put(nowMs, `k${i}`, 'x'.repeat(100)));
  pump.run(200_000);
  const before = large.engine.counters.txBytes;
  pump.run(60_000);
  const bytesPerSecond = (large.engine.counters.txBytes - before) / 60;
  assert.ok(bytesPerSecond < 1_000, `${Math.round(bytesPerSecond)} bytes a second while nothing changes`);
});

test('a full table takes what members say of themselves and of each other all the same', () => {
  // B-59, B-60
  const pump = new EnginePump();
  const nodes = pump.cluster([{ settings: { tableBytesMax: 20_000 } }, {}, {}]);
  const [ann, ben, cem] = nodes;
  // Ever smaller ones, so that no room is left for any.
  for (let i = 0; i < 90; i++) {
    const value = 'x'.repeat(Math.max(0, 700 - 10 * i));
    pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, `k${i}`, value));
    pump.run(100);
  }
  pump.run(120_000);
  assert.ok(ann.engine.counters.drops.quota > 0);
  assert.ok(ann.engine.gauges().recordBytes > (20_000 * 7) / 8 - 10);
  pump.mutate(cem, (engine, nowMs) => engine.setTags(nowMs, { role: 'x'.repeat(100) }));
  const tags = () => ann.engine.members(pump.nowMs).find(({ id }) => id === cem.id)?.tags;
  pump.until(() => tags()?.role !== undefined, 10_000, 'tags');
  pump.kill(ben);
  pump.until(() => [ann, cem].every((node) => pump.sees(node, [ben], 'down')), 30_000, 'down');
  assert.equal(ann.engine.why(pump.nowMs, ben.id)?.verdicts.at(-1)?.accuserCount, 2);
});
