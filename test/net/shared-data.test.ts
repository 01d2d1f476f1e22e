import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const inc = (node: RunningNode, by: number) =>
  node.crdt.apply('gcounter', 'energy', { op: 'increment', by }).value;
const sees = (node: RunningNode, value: number) => node.crdt.get('energy')?.value === value;

// I6, R14
test('a counter adds up on real nodes, over a restart with its disk and one without', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b]), { what: 'both alive' });
  assert.equal(inc(a, 5), 5);
  inc(b, 2);
  await eventually(() => sees(a, 7) && sees(b, 7), { what: '7 on both' });
  await b.close();
  const again = await cluster.start('b', { seeds: seedsOf(a) });
  inc(again, 1);
  await eventually(() => sees(a, 8) && sees(again, 8), { what: '8 on both' });
  await again.close();
  await rm(join(cluster.directory, 'b', 'state.db'));
  const values: unknown[] = [];
  a.crdt.onChange(({ value }) => values.push(value));
  const bare = await cluster.start('b', { seeds: seedsOf(a) });
  inc(bare, 1);
  await eventually(() => sees(a, 9), { what: '9 on who remembers' });
  assert.deepEqual(values, [9], 'it never went back');
});

test('what is below crdt/ is not for put, and an aggregate is of real records', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a), tags: { site: 'south' } });
  assert.throws(() => a.put('crdt/gcounter/energy', 5), { code: 'E_KEY_RESERVED', message: /gridvine crdt/ });
  assert.throws(
    () => {
      for (let i = 0; i < 100_000; i++) a.crdt.apply('orset', 'all', { op: 'add', value: `element ${i}` });
    },
    {
      code: 'E_CRDT_LIMIT',
      message: /all: .*one record: expected at most 900 bytes with its key; it would take 9\d\d/,
    },
  );
  for (const node of [a, b]) node.put('power', 100, { unit: 'W', ttlMs: 60_000 });
  const sum = () =>
    a.aggregate({ key: 'power', function: 'sum', minCoverage: 1, maxAgeMs: 30_000 }).groups[0];
  await eventually(() => sum()?.value === 200, { what: 'both in the sum' });
  assert.deepEqual([sum()?.n, sum()?.unit], [2, 'W']);
});
