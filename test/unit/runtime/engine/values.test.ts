import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LARGE_VALUE_BYTES_MAX, VALUE_PART_BYTES } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

function put(pump: EnginePump, node: PumpNode, key: string, value: AppValue, options = {}): number {
  return pump.mutate(node, (engine, nowMs) => engine.put(nowMs, key, value, options));
}

/** Text of so many bytes, unlike others. */
function textOf(length: number, seed = 1): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += `${seed * 7919 + i * i}-`;
  return text.slice(0, length);
}

function seenBy(pump: EnginePump, node: PumpNode, owner: PumpNode, key: string): AppValue | undefined {
  return pump.read(node, owner.id, key)?.value;
}

test('a value too long for a datagram is read everywhere, with its unit, ttl and age', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const value = { plan: textOf(16_000), steps: [1, 2, 3] };
  put(pump, nodes[0], 'plan', value, { unit: 'step', ttlMs: 60_000, ageMs: 2_000 });
  assert.deepEqual(seenBy(pump, nodes[0], nodes[0], 'plan'), value);
  pump.until(() => nodes.every((node) => seenBy(pump, node, nodes[0], 'plan') !== undefined), 3_000, 'all');
  for (const node of nodes) {
    const view = pump.read(node, nodes[0].id, 'plan')!;
    assert.deepEqual(view.value, value);
    assert.deepEqual([view.unit, view.ttlMs], ['step', 60_000]);
    assert.ok(view.ageMs >= 2_000);
    assert.equal(node.eventsOf('record').length, 1);
    assert.equal(node.engine.gauges().fetches, 0);
  }
});

test('the longest value fits, one byte more is refused', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  // Three bytes say how long the text is.
  const longest = textOf(LARGE_VALUE_BYTES_MAX - 3);
  put(pump, ann, 'plan', longest);
  pump.until(() => seenBy(pump, ben, ann, 'plan') === longest, 3_000, 'the longest');
  assert.throws(() => put(pump, ann, 'plan', `${longest}x`), /at most 16384 bytes of CBOR; got 16385/);
  assert.throws(() => put(pump, ann, 'crdt/lww/x', textOf(1_000)), /at most 900 bytes with its key/);
});

test('readers see the value before until all of the new one is there', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  put(pump, ann, 'plan', 'short');
  pump.run(1_000);
  const [first, second] = [textOf(9_000, 1), textOf(9_000, 2)];
  const seen = new Set<AppValue | undefined>();
  const look = (ms: number) => {
    for (let gone = 0; gone < ms; gone++) {
      pump.run(1);
      seen.add(seenBy(pump, ben, ann, 'plan'));
    }
  };
  put(pump, ann, 'plan', first);
  look(300);
  put(pump, ann, 'plan', second);
  look(500);
  assert.deepEqual([...seen], ['short', first, second]);
});

test('the same value again needs no fetching', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const value = textOf(16_000);
  put(pump, ann, 'plan', value);
  pump.run(2_000);
  const before = ann.sent.length;
  put(pump, ann, 'plan', value);
  put(pump, ann, 'copy', value);
  pump.mutate(ann, (engine, nowMs) => engine.adoptBoot(nowMs, 3));
  pump.until(() => (pump.read(ben, ann.id, 'copy')?.version ?? 0) > 3 * 2 ** 32, 8_000, 'the copy');
  pump.run(2_000);
  assert.equal(seenBy(pump, ben, ann, 'plan'), value);
  const longOnes = ann.sent.slice(before).filter(({ bytes }) => bytes.length > 1_050);
  assert.equal(longOnes.length, 0);
});

test('at 30 % loss long values arrive, and newcomers get them from others than their owner', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const pump = new EnginePump({ seed });
    const nodes = pump.cluster(4);
    pump.drop = () => pump.random() < 0.3;
    const values = [textOf(16_000, seed), textOf(5_000, seed + 1), textOf(2_000, seed + 2)];
    for (const [i, value] of values.entries()) put(pump, nodes[0], `plan${i}`, value);
    const has = (node: PumpNode) =>
      values.every((value, i) => seenBy(pump, node, nodes[0], `plan${i}`) === value);
    pump.until(() => nodes.every(has), 20_000, `seed ${seed}: all`);
    pump.kill(nodes[0]);
    const late = pump.add();
    pump.join(late, nodes[2]);
    pump.until(() => has(late), 60_000, `seed ${seed}: the newcomer`);
  }
});

test('a long value counts for all of its length, for its owner and for others', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  for (let i = 0; i < 3; i++) put(pump, ann, `plan${i}`, textOf(15_000, i));
  assert.throws(() => put(pump, ann, 'plan3', textOf(15_000, 3)), /take 4\d{4} of at most 51200 bytes/);
  const { bytes } = ann.engine.quota();
  assert.ok(bytes > 45_000 && bytes < 51_200);
  pump.run(5_000);
  assert.ok(ben.engine.gauges().recordBytes > 45_000);
  pump.mutate(ann, (engine, nowMs) => engine.delete(nowMs, 'plan0'));
  put(pump, ann, 'plan3', textOf(15_000, 3));
});

test('a long value put together with others comes with them', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const plan = textOf(12_000);
  pump.mutate(ann, (engine, nowMs) =>
    engine.putMany(nowMs, [
      { key: 'mode', value: 'plan' },
      { key: 'plan', value: plan },
    ]),
  );
  for (let i = 0; i < 1_500; i++) {
    pump.run(1);
    assert.equal(seenBy(pump, ben, ann, 'mode') === 'plan', seenBy(pump, ben, ann, 'plan') === plan);
  }
  assert.equal(seenBy(pump, ben, ann, 'mode'), 'plan');
});

test('what is deleted or replaced on its way is fetched no more', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  // Parts are lost.
  pump.drop = (_from, _to, bytes) => bytes.length > 1_050;
  put(pump, ann, 'plan', textOf(12_000));
  pump.run(1_000);
  assert.equal(ben.engine.gauges().fetches, 1);
  put(pump, ann, 'plan', 1);
  pump.run(3_000);
  assert.equal(ben.engine.gauges().fetches, 0);
  assert.equal(seenBy(pump, ben, ann, 'plan'), 1);
});

test('a value for which a full table has no room waits until there is some, and takes none meanwhile', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster([{}, { settings: { tableBytesMax: 20_000 } }]);
  const [first, second] = [textOf(9_000, 1), textOf(9_000, 2)];
  put(pump, ann, 'first', first);
  pump.until(() => seenBy(pump, ben, ann, 'first') === first, 5_000, 'the first');
  put(pump, ann, 'second', second);
  pump.run(3_000);
  put(pump, ann, 'short', 'x'.repeat(800));
  pump.run(3_000);
  assert.equal(seenBy(pump, ben, ann, 'second'), undefined);
  assert.ok(seenBy(pump, ben, ann, 'short') !== undefined);
  assert.ok(ben.engine.counters.drops['table-full'] > 0);
  assert.ok(ben.engine.gauges().recordBytes <= 17_500);
  assert.deepEqual(
    ben.engine.waiting(pump.nowMs, 1_000).map(({ key, lacks }) => [key, lacks]),
    [['second', 'value']],
  );
  const before = ann.sent.length;
  pump.run(20_000);
  const parts = ann.sent.slice(before).filter(({ bytes }) => bytes.length > VALUE_PART_BYTES);
  assert.equal(parts.length, 0, 'nothing is fetched in vain');
  pump.mutate(ann, (engine, nowMs) => engine.delete(nowMs, 'first'));
  pump.until(() => seenBy(pump, ben, ann, 'second') === second, 90_000, 'the second');
  assert.deepEqual(ben.engine.waiting(pump.nowMs, 0), []);
});
