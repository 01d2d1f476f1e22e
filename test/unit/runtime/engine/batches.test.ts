import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH_RECORDS_MAX } from '#runtime/core/limits.ts';
import type { PutEntry } from '#runtime/core/views.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const SWITCH: readonly PutEntry[] = [
  { key: 'mode', value: 'manual' },
  { key: 'target', value: 40, unit: '%' },
  { key: 'until', value: 17, ttlMs: 60_000 },
];

function putMany(pump: EnginePump, node: PumpNode, entries: readonly PutEntry[]): number[] {
  return pump.mutate(node, (engine, nowMs) => engine.putMany(nowMs, entries));
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    assert.ok((error as Error).message.length > 20);
    return (error as { code?: string }).code ?? String(error);
  }
}

test('records that are put together have consecutive versions, and come with all that was said of each', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const versions = putMany(pump, ann, SWITCH);
  assert.deepEqual(versions, [versions[0], versions[0] + 1, versions[0] + 2]);
  pump.run(500);
  const seen = ben.engine.records(pump.nowMs, { owner: ann.id });
  assert.deepEqual(
    seen.map(({ key, value, unit, ttlMs, version }) => [key, value, unit, ttlMs, version]),
    [
      ['mode', 'manual', null, null, versions[0]],
      ['target', 40, '%', null, versions[1]],
      ['until', 17, null, 60_000, versions[2]],
    ],
  );
  assert.deepEqual(
    ben.eventsOf('record').map(({ change, record }) => `${change} ${record.key}`),
    ['put mode', 'put target', 'put until'],
  );
});

test('what can not be put together names its fault, and nothing of it was put', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const before = putMany(pump, node, [{ key: 'mode', value: 'auto' }])[0];
  const many = Array.from({ length: BATCH_RECORDS_MAX + 1 }, (_, i) => ({ key: `k${i}`, value: i }));
  const cases: [string, readonly PutEntry[]][] = [
    ['E_BATCH', []],
    ['E_BATCH', many],
    ['E_BATCH', [...SWITCH, { key: 'mode', value: 2 }]],
    // Their marks are the same: one could be taken for the other.
    ['E_BATCH', ['lsexqzd', 'ztxtxde'].map((key) => ({ key, value: 1 }))],
    ['E_KEY_RESERVED', [...SWITCH, { key: 'sys/x', value: 2 }]],
    ['E_VALUE_INVALID', [...SWITCH, { key: 'x', value: Number.NaN }]],
    ['E_TTL_INVALID', [...SWITCH, { key: 'x', value: 1, ttlMs: 0 }]],
    ['E_VALUE_TOO_LARGE', [...SWITCH, { key: 'x', value: 'x'.repeat(17_000) }]],
    ['E_VERSION_CONFLICT', [...SWITCH, { key: 'x', value: 1, ifVersion: 7 }]],
    ['E_QUOTA', Array.from({ length: 32 }, (_, i) => ({ key: `large${i}`, value: 'x'.repeat(5_000) }))],
  ];
  for (const [code, entries] of cases)
    assert.equal(
      codeOf(() => putMany(pump, node, entries)),
      code,
    );
  const { records } = node.engine.quota();
  const seen = node.engine.records(pump.nowMs);
  assert.deepEqual(
    seen.map(({ key, value }) => [key, value]),
    [['mode', 'auto']],
  );
  assert.equal(records, 2);
  assert.equal(putMany(pump, node, [{ key: 'mode', value: 'x', ifVersion: before }])[0], before + 1);
});

test('a refusal for a quota says what is used, what would be, and what is allowed', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { recordsPerOwnerMax: 314 } });
  putMany(pump, node, [{ key: 'one', value: 1 }]);
  assert.throws(
    () => putMany(pump, node, [{ key: 'two', value: 1 }]),
    /^GridvineError: two: this node has 2 of at most 2 records, and would have 3\. Delete some/,
  );
  const { recordsMax, bytesMax } = node.engine.quota();
  assert.deepEqual([recordsMax, bytesMax], [2, 51_200]);
});

test('a part of a batch is not seen, and what was there before is; the rest makes all of it seen', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  putMany(pump, ann, [
    { key: 'mode', value: 'auto' },
    { key: 'target', value: 1 },
  ]);
  pump.run(1_000);
  // Too long for one datagram, of which the first is lost.
  const text = 'x'.repeat(500);
  let lost = 0;
  pump.drop = (from, _to, bytes) => from === ann && bytes.length > 500 && lost++ === 0;
  putMany(pump, ann, [
    { key: 'mode', value: text },
    { key: 'target', value: text },
    { key: 'more', value: text },
  ]);
  const seen = () => ben.engine.records(pump.nowMs, { owner: ann.id }).map(({ value }) => value);
  pump.until(() => seen().length > 2, 10_000, 'all of it');
  assert.deepEqual(seen(), [text, text, text]);
  assert.ok(lost > 1);
  const changes = ben.eventsOf('record').map(({ record }) => record.key);
  assert.deepEqual(changes.sort(), ['mode', 'mode', 'more', 'target', 'target']);
});

test('what a reader still sees in the place of a part ends by its own ttl', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  putMany(pump, ann, [{ key: 'mode', value: 'auto', ttlMs: 5_000 }]);
  pump.run(1_000);
  const text = 'x'.repeat(700);
  let first = true;
  pump.drop = (from, _to, bytes) => {
    if (from !== ann || bytes.length < 600) return false;
    const drops = !first;
    first = false;
    return drops;
  };
  putMany(pump, ann, [
    { key: 'mode', value: text },
    { key: 'target', value: text },
  ]);
  pump.run(2_000);
  assert.equal(pump.read(ben, ann.id, 'mode')?.value, 'auto');
  pump.run(3_000);
  assert.equal(pump.read(ben, ann.id, 'mode'), undefined);
  assert.equal(ben.eventsOf('record').at(-1)?.change, 'expire');
  pump.drop = () => false;
  pump.until(() => pump.read(ben, ann.id, 'mode')?.value === text, 30_000, 'both');
  assert.equal(pump.read(ben, ann.id, 'target')?.value, text);
});

/** What is seen of an owner's batch at each moment: it must be whole, of one life or of the other. */
function watch(pump: EnginePump, reader: PumpNode, owner: string, ms: number): Set<string> {
  const lives = new Set<string>();
  for (let i = 0; i < ms; i++) {
    pump.run(1);
    const [mode, target, plan] = ['mode', 'target', 'plan'].map((key) => pump.read(reader, owner, key));
    assert.ok(mode !== undefined && target !== undefined && plan !== undefined, `all are seen after ${i} ms`);
    const boots = [mode, target].map(({ version }) => Math.floor(version / 2 ** 32));
    assert.equal(boots[0], boots[1], `both are of one life after ${i} ms`);
    lives.add(`boot ${boots[0]}`);
  }
  return lives;
}

const LIFE: readonly PutEntry[] = [
  { key: 'mode', value: 'x'.repeat(700) },
  { key: 'target', value: 'y'.repeat(700) },
];

test('readers see a batch whole, and a long value, through a new boot of which datagrams are lost', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  putMany(pump, ann, LIFE);
  putMany(pump, ann, [{ key: 'plan', value: 'z'.repeat(5_000) }]);
  pump.run(2_000);
  let large = 0;
  let isOver = false;
  // The first that is told of the new life arrives, what follows doesn't for a while.
  pump.drop = (from, _to, bytes) => !isOver && from === ann && bytes.length > 600 && ++large > 1;
  pump.mutate(ann, (engine, nowMs) => engine.adoptBoot(nowMs, 5));
  assert.deepEqual([...watch(pump, ben, ann.id, 3_000)], ['boot 1']);
  assert.ok(large > 1, 'something was lost');
  isOver = true;
  const before = ann.sent.length;
  assert.deepEqual([...watch(pump, ben, ann.id, 6_000)], ['boot 1', 'boot 5']);
  const parts = ann.sent.slice(before).filter(({ bytes }) => bytes.length > 1_050);
  assert.equal(parts.length, 0, 'the long value is fetched anew');
  assert.deepEqual(
    ben.eventsOf('record').filter(({ change }) => change !== 'put'),
    [],
  );
});

test('a node that was started again is followed the same way, whatever is lost of what it says', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const pump = new EnginePump({ seed });
    const [ann, ben] = pump.cluster(2);
    putMany(pump, ann, LIFE);
    putMany(pump, ann, [{ key: 'plan', value: 'z'.repeat(5_000) }]);
    pump.run(3_000);
    pump.kill(ann);
    pump.drop = () => pump.random() < 0.4;
    const again = pump.add({ id: ann.id, boot: 2 });
    putMany(pump, again, LIFE);
    putMany(pump, again, [{ key: 'plan', value: 'z'.repeat(5_000) }]);
    pump.join(again, ben);
    assert.ok(watch(pump, ben, ann.id, 20_000).has('boot 2'));
  }
});

test('a put that is refused for a quota leaves everything as it was, tombstones and batches too', () => {
  const pump = new EnginePump({ settings: { recordsPerOwnerMax: 316 } });
  const node = pump.add();
  putMany(pump, node, SWITCH.slice(0, 2));
  pump.mutate(node, (engine, nowMs) => engine.delete(nowMs, 'mode'));
  pump.run(10);
  const { engine } = node;
  const state = () => [engine.blockOf(pump.nowMs, node.id), engine.records(pump.nowMs), engine.quota()];
  const before = state();
  const { length } = node.events;
  const tooMany = ['a', 'b', 'c', 'd'].map((key) => ({ key, value: 1 }));
  assert.equal(
    codeOf(() => putMany(pump, node, tooMany)),
    'E_QUOTA',
  );
  assert.deepEqual(state(), before);
  assert.equal(node.events.length, length);
  // Where collecting makes the room, it is made.
  putMany(pump, node, tooMany.slice(0, 2));
  assert.equal(node.engine.quota().records, 4);
});

test('records left of a batch are put again before a tombstone of it is forgotten: newcomers see them', () => {
  const pump = new EnginePump({ settings: { tombstoneGraceMs: 2_000 } });
  const [ann] = pump.cluster(2);
  putMany(pump, ann, SWITCH.slice(0, 2));
  pump.mutate(ann, (engine, nowMs) => engine.delete(nowMs, 'mode'));
  pump.run(20_000);
  const cem = pump.add();
  pump.join(cem, ann);
  pump.until(() => pump.read(cem, ann.id, 'target')?.value === 40, 10_000, 'what is left');
  assert.equal(pump.read(cem, ann.id, 'mode'), undefined);
});
