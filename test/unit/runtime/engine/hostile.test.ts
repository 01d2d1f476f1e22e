import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_MAX } from '#runtime/core/version.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { itemOf, LyingPeer } from '../../../support/lying-peer.ts';

const NO_HASH = new Uint8Array(8);

test('a thousand accusations by one peer leave a healthy node alive for everybody', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const liar = new LyingPeer(pump);
  for (const node of nodes) liar.introduce(node);
  const victim = nodes[2];
  for (let i = 0; i < 1_000; i++) {
    const incarnation = pump.incarnationOf(nodes[0], victim.id) ?? 0;
    const block = liar.accusation({ id: victim.id, boot: 1, incarnation }, { slot: i % 32 });
    liar.tell(nodes[i % 2], { type: 'blocks', blocks: [block] });
    pump.run(10);
  }
  pump.run(20_000);
  for (const node of nodes) {
    assert.ok(!node.eventsOf('member').some((event) => event.id === victim.id && event.to === 'down'));
  }
  assert.ok(pump.sees(nodes[0], [victim], 'alive') && pump.sees(nodes[1], [victim], 'alive'));
});

test('accusations of members that nobody has heard of make no member', () => {
  // B-28
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  for (let i = 0; i < 32; i++) {
    const id = (i + 0x40).toString(16).repeat(16);
    liar.tell(node, {
      type: 'blocks',
      blocks: [liar.accusation({ id, boot: 1, incarnation: 0 }, { slot: i })],
    });
  }
  pump.run(10_000);
  assert.equal(node.engine.members(pump.nowMs).length, 2);
});

test('an accusation of an older incarnation changes nothing', () => {
  // B-27, B-31
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  const accuse = (node: typeof ann, incarnation: number, slot: number) =>
    liar.tell(node, {
      type: 'blocks',
      blocks: [liar.accusation({ id: ben.id, boot: 1, incarnation }, { slot })],
    });
  accuse(ben, 0, 0);
  assert.equal(pump.incarnationOf(ben, ben.id), 1);
  pump.run(1_000);
  accuse(ben, 0, 1);
  accuse(ann, 0, 2);
  pump.run(1_000);
  assert.equal(pump.incarnationOf(ben, ben.id), 1);
  assert.equal(ben.engine.counters.refutations, 1);
  assert.equal(pump.stateOf(ann, ben.id), 'alive');
});

test('an accusation of another boot does not touch the present one', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2, { boot: 5 });
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  for (const boot of [4, 6]) {
    const block = liar.accusation({ id: ben.id, boot, incarnation: 3 }, { slot: boot });
    for (const node of [ann, ben]) liar.tell(node, { type: 'blocks', blocks: [block] });
  }
  pump.run(10_000);
  assert.equal(pump.incarnationOf(ben, ben.id), 0);
  assert.equal(pump.stateOf(ann, ben.id), 'alive');
});

test('a digest that claims the future is asked about, and changes nothing by itself', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  pump.run(1_000);
  const lines = [
    { owner: ben.id, known: 2 ** 32 + 1_000_000, gc: 0 },
    { owner: '55'.repeat(16), known: 2 ** 33, gc: 2 ** 33 },
  ];
  for (let i = 0; i < 200; i++) {
    liar.tell(ann, { type: 'digest', tableHash: NO_HASH, lines });
    pump.run(50);
  }
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 5));
  pump.until(() => pump.read(ann, ben.id, 'soc') !== undefined, 2_000, 'its next value');
  assert.equal(ann.engine.members(pump.nowMs).length, 3);
  const toOthers = ann.sent.filter((sent) => sent.to.kind === 'unicast' && sent.atMs > 13_000);
  assert.ok(toOthers.length < 1_000, `${toOthers.length} datagrams`);
});

test('deltas with gaps are merged and the gap is asked for; the line stays', () => {
  // B-68
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  pump.run(1_000);
  const version = 2 ** 32 + 500;
  const block = liar.block({ version, key: 'late', value: 1 });
  const answers = liar.read(liar.tell(node, { type: 'blocks', blocks: [block] }));
  assert.equal(pump.read(node, liar.id, 'late')?.value, 1);
  const want = answers.find((answer) => answer.type === 'want');
  assert.ok(want?.type === 'want' && want.lines[0].known < version);
});

test('records that break the specification are counted and refused whole', () => {
  // B-56
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  const version = liar.nextVersion();
  const good = liar.block({ version, key: 'good', value: 1 });
  const bad = { ...good, items: [...good.items, { body: Uint8Array.of(0x80), ageMs: 0 }] };
  liar.tell(node, { type: 'blocks', blocks: [bad] });
  assert.equal(node.engine.counters.drops.malformed, 1);
  assert.equal(pump.read(node, liar.id, 'good'), undefined);
});

test('a block about this node itself is not merged, whoever sends it', () => {
  // B-44
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  const version = 2 ** 32 + 2;
  liar.tell(node, {
    type: 'blocks',
    blocks: [liar.block({ version, key: 'soc', value: 99 }, { owner: node.id })],
  });
  liar.tell(node, {
    type: 'blocks',
    blocks: [{ owner: node.id, from: 0, to: 2 ** 32 + 9, gc: 2 ** 32 + 8, items: [] }],
  });
  assert.equal(pump.read(node, node.id, 'soc')?.value, 50);
});

test('a node record that is none makes no member and is counted', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  for (const value of [null, [], 'node', ['', 0, 1, [], {}, 1], ['x', -1, 1, [], {}, 1]])
    liar.tell(node, { type: 'blocks', blocks: [liar.block({ key: 'node', value })] });
  assert.equal(node.engine.members(pump.nowMs).length, 1);
  assert.equal(node.engine.counters.drops.malformed, 5);
});

test('replies that were never asked for are ignored', () => {
  // B-3, B-4
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  pump.kill(ben);
  for (let i = 0; i < 3_000; i++) {
    const seq = Math.floor(pump.random() * 2 ** 32);
    liar.tell(ann, { type: 'ack', seq }, { type: 'nack', seq }, { type: 'gone', seq, boot: 1 });
    pump.run(5);
  }
  assert.equal(pump.stateOf(ann, ben.id), 'down');
});

test('[P-6.2] a helper relays no request that names itself or the requester', () => {
  // B-15
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  for (const target of [node.id, liar.id]) {
    const request = { type: 'ping-req', seq: 5, target, targetBoot: 1, endpoint: liar.endpoint } as const;
    const answers = liar.read(liar.tell(node, request));
    assert.ok(!answers.some((answer) => answer.type === 'ping'));
  }
});

test('a peer that fills its quota is refused the rest, and others are not touched by it', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  for (let i = 0; i < 1_500; i++)
    liar.tell(ann, { type: 'blocks', blocks: [liar.block({ key: `k${i}`, value: 'x'.repeat(40) })] });
  assert.ok(ann.engine.recordCount <= 1_264 + 10);
  assert.ok(ann.engine.counters.drops.quota > 0);
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 5));
  pump.until(() => pump.read(ann, ben.id, 'soc') !== undefined, 5_000, 'the value of an honest peer');
});

test('owners beyond the limit are refused and counted', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { ownersMax: 20 } });
  const liar = new LyingPeer(pump);
  for (let i = 0; i < 60; i++) {
    const owner = (i + 0x10).toString(16).padStart(2, '0').repeat(16);
    liar.tell(node, {
      type: 'blocks',
      blocks: [{ owner, from: 0, to: 2 ** 32 + 1, gc: 0, items: [itemOf({ key: 'k' })] }],
    });
  }
  assert.equal(node.engine.recordCount, 1 + 19);
  assert.equal(node.engine.counters.drops['table-full'], 60 - 19);
});

test('a line with a boot that no node can have is not believed', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  const lines = [{ owner: node.id, known: Number.MAX_SAFE_INTEGER, gc: 0 }];
  liar.tell(node, { type: 'digest', tableHash: new Uint8Array(8), lines });
  assert.ok(!node.eventsOf('boot-behind').some((event) => event.seenBoot > BOOT_MAX));
});
