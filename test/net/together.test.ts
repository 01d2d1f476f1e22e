import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningNode } from '#runtime/driver/contract.ts';
import type { SubscriptionItem } from '#runtime/driver/subscription.ts';
import { allAlive, seedsOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const PLAN = Array.from({ length: 1_500 }, (_, hour) => `${hour}:${(hour * 7_919) % 97}`).join(' ');
const MODE = 'as planned '.repeat(70);
const WITHIN = { withinMs: 20_000 };

/** Follows a node's records of another for as long as the test runs; what came is in the list. */
function follow(node: RunningNode, since?: string): { items: SubscriptionItem[]; stop: () => void } {
  const items: SubscriptionItem[] = [];
  const subscription = node.subscribe({ prefix: 'pump/', ...(since === undefined ? {} : { since }) });
  const run = async () => {
    for await (const item of subscription) items.push(item);
  };
  void run();
  return { items, stop: () => subscription.close() };
}

test('records put together and a long value come to another node, are followed there, and outlive a restart', async (t) => {
  const cluster = await TestCluster.make(t);
  const writer = await cluster.start('writer');
  const reader = await cluster.start('reader', { seeds: seedsOf(writer) });
  await eventually(() => allAlive([writer, reader]), WITHIN);
  const first = follow(reader);
  await eventually(() => first.items.length === 1, WITHIN);
  const versions = writer.putMany([
    { key: 'pump/mode', value: MODE },
    { key: 'pump/plan', value: PLAN },
  ]);
  assert.equal(versions[1], versions[0] + 1);
  await eventually(() => first.items.length === 3, WITHIN);
  assert.deepEqual(
    first.items.map((item) => (item.type === 'put' ? [item.record.key, item.record.value] : item.type)),
    ['reset', ['pump/mode', MODE], ['pump/plan', PLAN]],
  );
  first.stop();
  const cursor = first.items.at(-1)!.cursor;
  assert.ok(writer.quota().bytes > PLAN.length);

  await writer.close();
  const again = await cluster.start('writer', { seeds: seedsOf(reader) });
  const newest = () => reader.records({ owner: writer.id, key: 'pump/' }).map(({ version }) => version);
  await eventually(() => newest().length === 2 && newest().every((version) => version > versions[1]), WITHIN);
  const [mode, plan] = newest().sort((a, b) => a - b);
  assert.equal(plan, mode + 1, 'put together again');
  const second = follow(reader, cursor);
  await eventually(() => second.items.filter(({ type }) => type === 'put').length >= 2, WITHIN);
  // Nothing of it was gone in between, though its new life takes several datagrams to tell.
  assert.ok(second.items.every(({ type }) => type === 'put'));
  second.stop();
  assert.equal(again.boot, 2);
});

test('a subscription ends with its node', async (t) => {
  const cluster = await TestCluster.make(t);
  const node = await cluster.start('alone');
  const subscription = node.subscribe({ since: 'now' });
  const waiting = subscription.next();
  await node.close();
  assert.equal((await waiting).done, true);
  assert.throws(() => node.subscribe(), { code: 'E_CLOSED' });
});
