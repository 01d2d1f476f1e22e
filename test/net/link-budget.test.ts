import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const SLOW = { linkBytesPerSecond: { lo: 20_000 } };
const VALUE = 'x'.repeat(800);

const linkOf = (node: RunningNode) => {
  const [link] = node.traffic();
  assert.ok(link !== undefined);
  return link;
};

test('on a link with a budget data is cut, liveness passes, and all of the data arrives in the end', async (t) => {
  // B-138
  const startedMs = performance.now();
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a', SLOW);
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  const c = await cluster.start('c', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b, c]), { what: 'all alive' });
  const doubts: string[] = [];
  for (const node of [a, b, c])
    node.onEvent((event) => {
      if (event.type === 'member' && (event.to === 'suspect' || event.to === 'down')) doubts.push(event.name);
    });

  // 60 kB to two peers, at 20 kB a second.
  for (let i = 0; i < 60; i++) a.put(`k${i}`, VALUE, { keep: false });
  await eventually(() => linkOf(a).txDropped.data > 0, { what: 'data cut' });
  await eventually(() => a.health().some(({ code }) => code === 'link-budget'), { what: 'the condition' });
  assert.match(a.health().find(({ code }) => code === 'link-budget')?.text ?? '', /lo \(20kB\/s\): .*data/);
  await eventually(() => [b, c].every((node) => node.records({ owner: a.id }).length === 60), {
    what: 'all records everywhere',
    withinMs: 60_000,
  });
  const { txBytes, txDatagrams, txDropped } = linkOf(a);
  const earned = ((performance.now() - startedMs) / 1_000) * 20_000;
  assert.ok(txBytes + 28 * txDatagrams <= 20_000 + earned, `${txBytes} bytes, ${earned} earned`);
  assert.equal(txDropped.liveness, 0);
  assert.equal(linkOf(a).bytesPerSecondMax, 20_000);
  assert.deepEqual(linkOf(b).txDropped, { liveness: 0, membership: 0, data: 0 });
  assert.deepEqual(doubts, []);
});
