import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import { allAlive, seedsOf, stateOf, TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

const MULTICAST = { links: [{ name: 'lo', multicast: 'full' as const }] };
const valueOn = (node: RunningNode, key: string) => node.records({ key })[0]?.value;

test('two nodes find each other by a seed and share a record', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b]), { what: 'both alive' });
  a.put('power', 1_200, { unit: 'W' });
  await eventually(() => valueOn(b, 'power') === 1_200, { what: 'the value on b' });
  const [record] = b.records({ key: 'power' });
  assert.equal(record.unit, 'W');
  assert.equal(record.node, 'a');
  b.put('mode', { eco: true });
  await eventually(() => valueOn(a, 'mode') !== undefined);
  a.delete('power');
  await eventually(() => valueOn(b, 'power') === undefined, { what: 'the deletion on b' });
});

test('three nodes on one machine find each other by multicast on loopback, with no address given', async (t) => {
  const cluster = await TestCluster.make(t);
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => cluster.start(name, MULTICAST)));
  await eventually(() => allAlive(nodes), { what: 'all three alive' });
  nodes[0].put('power', 5);
  await eventually(() => nodes.every((node) => valueOn(node, 'power') === 5));
  assert.deepEqual(
    nodes.flatMap((node) => node.health()),
    [],
  );
  const [traffic] = nodes[0].traffic();
  assert.equal(traffic.name, 'lo');
  assert.ok(traffic.txDatagrams > 0 && traffic.rxDatagrams > 0);
  assert.ok(traffic.rxBytes >= 49 * traffic.rxDatagrams);
});

// B-100
test('a node that leaves is seen as left, not as down', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b]));
  const states: unknown[] = [];
  a.onEvent((event) => {
    if (event.type === 'member' && event.id === b.id) states.push(event.to);
  });
  await b.leave();
  await b.leave();
  await eventually(() => stateOf(b, a) === 'left');
  assert.equal(states.includes('down') || states.includes('suspect'), false, String(states));
  assert.throws(() => b.put('x', 1), { code: 'E_CLOSED' });
});

// B-2
test('a node that vanishes without a goodbye becomes suspect and then down', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  const c = await cluster.start('c', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, b, c]));
  const states: unknown[] = [];
  a.onEvent((event) => {
    if (event.type === 'member' && event.id === b.id) states.push(event.to);
  });
  await b.close();
  // Events are delivered a turn after the view has changed.
  await eventually(() => states.at(-1) === 'down' && stateOf(b, c) === 'down', {
    what: 'b down on a and c',
    withinMs: 20_000,
  });
  assert.equal(states.at(-2), 'suspect', String(states));
});

// B-2
test('[P-6.10] a killed process is down by its closed port, and why says so', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const others = await Promise.all(['b', 'c', 'd'].map((name) => cluster.start(name, { seeds: seedsOf(a) })));
  await eventually(() => allAlive([a, ...others]), { what: 'all alive' });
  const victim = others[2]!;
  await victim.close();
  const witnesses = [a, ...others.slice(0, 2)];
  await eventually(() => witnesses.every((node) => stateOf(victim, node) === 'down'), {
    what: 'down everywhere',
    withinMs: 20_000,
  });
  for (const node of witnesses) {
    const why = node.why(victim.id);
    assert.ok((why?.suspicion?.refusedBy ?? 0) >= 2, JSON.stringify(why?.suspicion));
    // Sooner than any suspicion by time-outs may be: its least time is a second.
    const [verdict] = why?.verdicts ?? [];
    assert.ok(verdict?.downMs != null && verdict.startedMs - verdict.downMs < 1_000, JSON.stringify(verdict));
    assert.ok(node.counters.drops.malformed === 0 && node.counters.drops['send-failed'] === 0);
  }
  assert.equal(a.why('ff'.repeat(16)), undefined);
});

// B-95, R2
test('a restarted node keeps its id and its records, under a higher boot', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const first = await cluster.start('b', { seeds: seedsOf(a) });
  await eventually(() => allAlive([a, first]));
  first.put('limit', 3_000, { unit: 'W' });
  first.put('fleeting', 1, { ttlMs: 60_000 });
  await eventually(() => valueOn(a, 'limit') === 3_000 && valueOn(a, 'fleeting') === 1);
  await first.close();
  const second = await cluster.start('b');
  assert.equal(second.id, first.id);
  assert.equal(second.boot, 2);
  assert.equal(valueOn(second, 'limit'), 3_000);
  assert.equal(valueOn(second, 'fleeting'), undefined);
  await eventually(() => allAlive([a, second]), { what: 'found again without a seed, by its known peers' });
  await eventually(() => valueOn(a, 'fleeting') === undefined, {
    what: 'what was not put again is forgotten',
  });
  await eventually(() => a.records({ key: 'limit' })[0]?.unit === 'W', {
    what: 'what was put again is back',
  });
});

// B-115
test('a listener may call the node', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const b = await cluster.start('b', { seeds: seedsOf(a) });
  b.onEvent((event) => {
    if (event.type === 'record' && event.record.key === 'question') b.put('answer', 42);
  });
  a.put('question', true);
  await eventually(() => valueOn(a, 'answer') === 42);
});

test('a node with another key never becomes a member, and neither crashes', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a', MULTICAST);
  const stranger = await cluster.start('s', {
    ...MULTICAST,
    psk: new Uint8Array(32).fill(8),
    seeds: seedsOf(a),
  });
  await eventually(() => a.counters.drops['unknown-key'] + a.counters.drops.forged > 3);
  assert.equal(stateOf(stranger, a), undefined);
  assert.equal(stateOf(a, stranger), undefined);
});

test('a port that is taken is named, and everything opened before is released', async (t) => {
  const cluster = await TestCluster.make(t);
  const a = await cluster.start('a');
  const [{ port }] = a.endpoints;
  const taken = cluster.options('b', { bind: [{ address: '127.0.0.1', port, link: 'lo' }] });
  await assert.rejects(createNode(taken), {
    code: 'E_ADDRESS_IN_USE',
    message: new RegExp(`^127\\.0\\.0\\.1:${port}: another program .* or bind another port`),
  });
  await cluster.start('b');
});

test('an address of another machine is refused with the ones that this one has', async (t) => {
  const cluster = await TestCluster.make(t);
  const options = cluster.options('a', { bind: [{ address: '203.0.113.7', port: 0, link: 'lo' }] });
  await assert.rejects(createNode(options), { code: 'E_ADDRESS', message: /it has .*127\.0\.0\.1 \(lo\)/ });
});

test('a second node on the same directory is refused; after the first closed it starts', async (t) => {
  const cluster = await TestCluster.make(t);
  const first = await cluster.start('a');
  await assert.rejects(createNode(cluster.options('a')), { code: 'E_DATA_DIR_IN_USE' });
  await first.close();
  assert.equal((await cluster.start('a')).boot, 2, 'the refused start used no boot');
});

test('the key in the data directory is private', async (t) => {
  const cluster = await TestCluster.make(t);
  await cluster.start('a');
  const { mode } = await import('node:fs/promises').then(({ stat }) =>
    stat(join(cluster.directory, 'a', 'identity.json')),
  );
  assert.equal(mode & 0o777, 0o600);
  assert.match(
    await readFile(join(cluster.directory, 'a', 'identity.json'), 'utf8'),
    /gridvine\.identity\/1/,
  );
});

// B-99
test('nodes start and stop repeatedly in one process', async (t) => {
  const cluster = await TestCluster.make(t);
  for (let boot = 1; boot <= 5; boot++) {
    const node = await cluster.start('a', MULTICAST);
    assert.equal(node.boot, boot);
    if (boot % 2 === 0) await node.leave();
    else await node.close();
    await node.close();
  }
});
