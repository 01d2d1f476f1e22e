import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TTL_MS_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

function put(pump: EnginePump, node: PumpNode, ...args: [string, AppValue, object?]) {
  return pump.mutate(node, (engine, nowMs) => engine.put(nowMs, ...args));
}

test('a value put on one node is read on all, with its unit, quality and version', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const version = put(pump, nodes[0], 'soc', 57.5, { unit: '%', quality: 'sub' });
  pump.until(() => nodes.every((node) => pump.read(node, nodes[0].id, 'soc') !== undefined), 1_000, 'all');
  for (const node of nodes) {
    const record = pump.read(node, nodes[0].id, 'soc');
    assert.deepEqual(
      [record?.value, record?.unit, record?.quality, record?.version, record?.node],
      [57.5, '%', 'sub', version, 'n1'],
    );
  }
});

test('setting the same value again still makes a new version', () => {
  // B-66
  const pump = new EnginePump();
  const node = pump.add();
  const [first, second] = [put(pump, node, 'soc', 1), put(pump, node, 'soc', 1)];
  assert.ok(second > first);
});

test('a delete removes the value everywhere, and is an event once on each', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  put(pump, nodes[0], 'soc', 1);
  pump.run(1_000);
  pump.mutate(nodes[0], (engine, nowMs) => engine.delete(nowMs, 'soc'));
  pump.run(10_000);
  for (const node of nodes) {
    assert.equal(pump.read(node, nodes[0].id, 'soc'), undefined);
    assert.deepEqual(
      node.eventsOf('record').map(({ change }) => change),
      ['put', 'delete'],
    );
  }
});

test('a faulty put or delete names its fault and leaves the state as it was', () => {
  const pump = new EnginePump();
  const node = pump.add();
  put(pump, node, 'soc', 1);
  const before = JSON.stringify(node.engine.records(pump.nowMs));
  const cases: [string, string, unknown, object?][] = [
    ['E_KEY_INVALID', '', 1],
    ['E_KEY_INVALID', 'a\nb', 1],
    ['E_KEY_INVALID', 'x'.repeat(129), 1],
    ['E_KEY_RESERVED', 'node', 1],
    ['E_KEY_RESERVED', 'accuse/0', 1],
    ['E_KEY_RESERVED', 'sys/epoch', 1],
    ['E_VALUE_INVALID', 'soc', Number.NaN],
    ['E_VALUE_INVALID', 'soc', undefined],
    ['E_VALUE_INVALID', 'soc', [1, { a: Number.POSITIVE_INFINITY }]],
    ['E_VALUE_INVALID', 'soc', new Date(0)],
    ['E_VALUE_INVALID', 'soc', 2n ** 64n],
    ['E_VALUE_TOO_LARGE', 'soc', 'x'.repeat(16_382)],
    ['E_TTL_INVALID', 'soc', 1, { ttlMs: 0 }],
    ['E_TTL_INVALID', 'soc', 1, { ttlMs: -1 }],
    ['E_TTL_INVALID', 'soc', 1, { ttlMs: 1.5 }],
    ['E_TTL_INVALID', 'soc', 1, { ttlMs: Number.NaN }],
    ['E_TTL_INVALID', 'soc', 1, { ttlMs: TTL_MS_MAX + 1 }],
    ['E_UNIT_INVALID', 'soc', 1, { unit: 'x'.repeat(33) }],
    ['E_VERSION_CONFLICT', 'soc', 2, { ifVersion: 0 }],
    ['E_VERSION_CONFLICT', 'none', 2, { ifVersion: 5 }],
  ];
  for (const [code, key, value, options] of cases) {
    assert.throws(
      () => put(pump, node, key, value as AppValue, options),
      (error: Error & { code?: string }) => error.code === code && error.message.length > 20,
      `${code} ${key.slice(0, 20)}`,
    );
    assert.equal(JSON.stringify(node.engine.records(pump.nowMs)), before);
  }
  assert.throws(() => pump.mutate(node, (engine, nowMs) => engine.delete(nowMs, 'none')), {
    code: 'E_NOT_FOUND',
  });
  assert.equal(node.eventsOf('record').length, 1);
});

test('the quota ends in a clear error, and what was there may still change', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { recordsPerOwnerMax: 324 } });
  let made = 0;
  assert.throws(
    () => {
      for (; made < 100; made++) put(pump, node, `k${made}`, made);
    },
    { code: 'E_QUOTA' },
  );
  assert.equal(made + 1, 324 - 312);
  put(pump, node, 'k0', 'changed');
  assert.equal(pump.read(node, node.id, 'k0')?.value, 'changed');
});

test('bytes have a quota of their own', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { bytesPerOwnerMax: 68_608 } });
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) put(pump, node, `k${i}`, 'x'.repeat(800));
    },
    { code: 'E_QUOTA' },
  );
  assert.ok(node.engine.recordCount <= 7);
});

test('a conditional put takes the version it expects', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const first = put(pump, node, 'soc', 1, { ifVersion: 0 });
  put(pump, node, 'soc', 2, { ifVersion: first });
  pump.mutate(node, (engine, nowMs) => engine.delete(nowMs, 'soc'));
  put(pump, node, 'soc', 3, { ifVersion: 0 });
  assert.equal(pump.read(node, node.id, 'soc')?.value, 3);
});

test('reserved records are no events, and not listed unless named', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  pump.kill(nodes[2]);
  pump.until(() => pump.sees(nodes[0], [nodes[2]], 'down'), 30_000, 'down');
  assert.equal(nodes[0].eventsOf('record').length, 0);
  assert.deepEqual(nodes[0].engine.records(pump.nowMs), []);
  assert.equal(nodes[0].engine.records(pump.nowMs, { key: 'node' }).length, 3);
});

test('records are found by key, by prefix and by owner', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  for (const key of ['bat/soc', 'bat/volt', 'battery']) put(pump, ann, key, 1);
  put(pump, ben, 'bat/soc', 2);
  pump.run(1_000);
  const keys = (filter: object) => ann.engine.records(pump.nowMs, filter).map((record) => record.key);
  assert.deepEqual(keys({ key: 'bat/' }).sort(), ['bat/soc', 'bat/soc', 'bat/volt']);
  assert.deepEqual(keys({ key: 'battery' }), ['battery']);
  assert.deepEqual(keys({ owner: ben.id }), ['bat/soc']);
  assert.deepEqual(keys({ key: 'bat' }), []);
  assert.deepEqual(keys({ owner: '77'.repeat(16) }), []);
});

test('urgent news leaves without waiting for the batch, normal news with it', () => {
  const pump = new EnginePump({ settings: { batchIntervalMs: 400, digestIntervalMs: 60_000 } });
  const [ann, ben] = pump.cluster(2);
  pump.run(10_000);
  put(pump, ann, 'urgent', 1, { priority: 'urgent' });
  pump.run(5);
  assert.equal(pump.read(ben, ann.id, 'urgent')?.value, 1);
  const quiet = ann.sent.length;
  put(pump, ann, 'normal', 1);
  pump.run(5);
  if (ann.sent.length === quiet) assert.equal(pump.read(ben, ann.id, 'normal'), undefined);
  pump.until(() => pump.read(ben, ann.id, 'normal') !== undefined, 410, 'with the batch');
});

test('many values put at once share datagrams', () => {
  const pump = new EnginePump({ settings: { digestIntervalMs: 60_000 } });
  const [ann, ben] = pump.cluster(2);
  pump.run(10_000);
  const before = ann.sent.length;
  for (let i = 0; i < 20; i++) put(pump, ann, `k${i}`, i);
  pump.run(100);
  assert.ok(ann.sent.length - before <= 5, `${ann.sent.length - before} datagrams`);
  assert.equal(ben.engine.records(pump.nowMs, { owner: ann.id }).length, 20);
});

test('one piece of news is sent a bounded number of times by all nodes together', () => {
  // B-53
  const pump = new EnginePump({ settings: { digestIntervalMs: 600_000, digestQuietMs: 0 } });
  const nodes = pump.cluster(4);
  pump.run(20_000);
  const big = 'x'.repeat(700);
  const before = nodes.map((node) => node.sent.length);
  put(pump, nodes[0], 'soc', big);
  pump.run(3_000);
  for (const [i, node] of nodes.entries()) {
    const carrying = node.sent.slice(before[i]).filter(({ bytes }) => bytes.length > 700).length;
    assert.ok(carrying <= 3 + 4, `n${i + 1} sent it ${carrying} times`);
    assert.equal(pump.read(node, nodes[0].id, 'soc')?.value, big);
  }
});

test('a lazy record is not pushed, and arrives by anti-entropy', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.run(10_000);
  const before = ann.sent.length;
  put(pump, ann, 'lazy', 'x'.repeat(500), { priority: 'lazy' });
  pump.run(100);
  assert.ok(!ann.sent.slice(before).some(({ bytes }) => bytes.length > 500));
  pump.until(() => pump.read(ben, ann.id, 'lazy') !== undefined, 20_000, 'by a digest');
});

test('[P-5.7] age grows at its holders and is carried along a chain of relays', () => {
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const cut = (a: PumpNode, b: PumpNode) => (a === ann && b === cem) || (a === cem && b === ann);
  pump.drop = cut;
  const from = pump.nowMs;
  put(pump, ann, 'soc', 1, { priority: 'lazy' });
  pump.until(() => pump.read(cem, ann.id, 'soc') !== undefined, 60_000, 'over the middle one');
  pump.run(7_000);
  const trueAge = pump.nowMs - from;
  for (const node of [ann, ben, cem]) {
    const age = pump.read(node, ann.id, 'soc')?.ageMs ?? -1;
    assert.ok(age <= trueAge && age >= trueAge - 10, `${age} of ${trueAge} ms`);
  }
  assert.equal(pump.read(ann, ann.id, 'soc')?.ageBoundMs, 0);
});

test('[P-5.7] a ttl ends on every holder at about the same time, the one that heard it late too', () => {
  // B-71
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  pump.drop = (from, to) => from === nodes[2] || to === nodes[2];
  put(pump, nodes[0], 'soc', 1, { ttlMs: 9_000 });
  pump.run(4_000);
  pump.drop = () => false;
  pump.until(() => pump.read(nodes[2], nodes[0].id, 'soc') !== undefined, 4_500, 'heard late');
  pump.until(() => pump.read(nodes[0], nodes[0].id, 'soc') === undefined, 9_000, 'over at its owner');
  pump.run(50);
  for (const node of nodes) {
    assert.equal(pump.read(node, nodes[0].id, 'soc'), undefined);
    assert.equal(node.eventsOf('record').at(-1)?.change, 'expire');
  }
});

test('values set while links were cut are read everywhere once they heal', () => {
  // B-62
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const half = (node: PumpNode) => nodes.indexOf(node) < 2;
  pump.drop = (from, to) => half(from) !== half(to);
  for (const node of nodes)
    for (let i = 0; i < 30; i++) put(pump, node, `k${i}`, `${node.id} ${'x'.repeat(50)}`);
  pump.run(60_000);
  pump.drop = () => false;
  const all = () => nodes.every((node) => node.engine.records(pump.nowMs).length === 4 * 30);
  pump.until(all, 30_000, 'all values on all nodes');
});

test('at 30 % loss all values arrive', () => {
  const pump = new EnginePump({ seed: 5 });
  const nodes = pump.cluster(4);
  pump.drop = () => pump.random() < 0.3;
  for (const node of nodes) for (let i = 0; i < 10; i++) put(pump, node, `k${i}`, i);
  const all = () => nodes.every((node) => node.engine.records(pump.nowMs).length === 40);
  pump.until(all, 60_000, 'all values on all nodes');
});

test('a unit that peers would refuse is refused where it is put', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  for (const unit of ['a\nb', '\ufeffW', '\ud800']) {
    assert.throws(
      () => pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, 'soc', 1, { unit })),
      { code: 'E_UNIT_INVALID' },
      JSON.stringify(unit),
    );
  }
  pump.mutate(ann, (engine, nowMs) => engine.put(nowMs, 'after', 2));
  pump.until(() => pump.read(ben, ann.id, 'after') !== undefined, 10_000, 'what comes after');
});
