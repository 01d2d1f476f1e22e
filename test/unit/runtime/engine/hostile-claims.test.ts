import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_MAX, makeVersion } from '#runtime/core/version.ts';
import { encodeNodeFacts } from '#runtime/membership/node-facts.ts';
import type { Line, Message } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

const NO_HASH = new Uint8Array(8);

/** What a peer says of the record `node` of somebody else. */
function forged(liar: LyingPeer, victim: PumpNode, about: { version: number; state: 'alive' | 'left' }) {
  const value = encodeNodeFacts({
    name: 'n',
    incarnation: 500,
    state: about.state,
    endpoints: [victim.endpoint],
    tags: {},
    protocol: 1,
  });
  return liar.block({ version: about.version, key: 'node', value }, { owner: victim.id });
}

test('a node that hears of a record of its own which it never made asks for a higher boot, and says why', () => {
  // Whatever its key says: until records are signed, only a higher boot outdoes one that a key holder forged.
  const pump = new EnginePump();
  const node = pump.add({ boot: 3 });
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  liar.tell(node, {
    type: 'blocks',
    blocks: [forged(liar, node, { version: makeVersion(3, 900), state: 'alive' })],
  });
  assert.deepEqual(
    node.eventsOf('boot-behind').map(({ seenBoot }) => seenBoot),
    [3],
  );
  assert.equal(node.eventsOf('twin').length, 0, 'nobody was seen to live beside it');
});

test('[P-6.30] a thousand such claims ask once in five seconds', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  for (let i = 0; i < 1_000; i++) {
    const known = makeVersion(1 + (i % 50), 1_000 + i);
    liar.tell(node, { type: 'digest', tableHash: NO_HASH, lines: [{ owner: node.id, known, gc: 0 }] });
    pump.run(10);
  }
  const { length } = node.eventsOf('boot-behind');
  assert.ok(length >= 1 && length <= 3, `${length}`);
});

test('a claim of the last boot there is is told like any other: that none is left is for the driver to say', () => {
  const pump = new EnginePump();
  const node = pump.add({ boot: BOOT_MAX });
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  const known = makeVersion(BOOT_MAX, 0xffff_ffff);
  liar.tell(node, { type: 'digest', tableHash: NO_HASH, lines: [{ owner: node.id, known, gc: 0 }] });
  assert.equal(node.eventsOf('boot-behind')[0]?.seenBoot, BOOT_MAX);
});

test('[P-6.5] who pings in the life in which it is said to have left is told so, and contradicts', () => {
  // B-104
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  liar.tell(ann, {
    type: 'blocks',
    blocks: [forged(liar, ben, { version: makeVersion(1, 900), state: 'left' })],
  });
  assert.equal(pump.stateOf(ann, ben.id), 'left');
  pump.until(() => ben.eventsOf('boot-behind').length > 0, 3_000, 'ben hears of it');
  pump.mutate(ben, (engine, nowMs) => engine.adoptBoot(nowMs, 2));
  pump.until(() => pump.stateOf(ann, ben.id) === 'alive', 1_000, 'ben is back');
});

test('one that really left is not kept busy with its own goodbye', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.mutate(ben, (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => ben.eventsOf('left').length > 0, 5_000, 'the goodbye');
  assert.equal(pump.stateOf(ann, ben.id), 'left');
  assert.equal(ben.eventsOf('boot-behind').length + ben.eventsOf('twin').length, 0);
});

test('answers that nobody waited for are counted, each', () => {
  // B-3
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  const before = node.engine.counters.drops.unsolicited;
  liar.tell(
    node,
    { type: 'ack', seq: 1 },
    { type: 'nack', seq: 2 },
    { type: 'gone', seq: 3, boot: liar.boot },
  );
  assert.equal(node.engine.counters.drops.unsolicited, before + 3);
});

test('help beyond the budget is refused and counted', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  const request = {
    type: 'ping-req',
    seq: 1,
    target: ben.id,
    targetBoot: 1,
    endpoint: ben.endpoint,
  } as const;
  for (let i = 0; i < 300; i++) liar.tell(ann, request);
  assert.ok(ann.engine.counters.drops.budget >= 90, `${ann.engine.counters.drops.budget}`);
});

test('whatever an unproven peer asks, the answer is hardly longer than the question', () => {
  // B-55
  const line = (i: number): Line => ({ owner: i.toString(16).padStart(2, '0').repeat(16), known: 0, gc: 0 });
  const lines = Array.from({ length: 30 }, (_, i) => line(i));
  const questions: Record<string, Message[]> = {
    ping: [{ type: 'ping', seq: 1, destBoot: 0 }],
    'ping of another boot': [{ type: 'ping', seq: 1, destBoot: 9 }],
    'thirty pings': Array.from({ length: 30 }, (_, seq) => ({ type: 'ping' as const, seq, destBoot: 0 })),
    join: [{ type: 'join', seq: 1, padding: 520 }],
    'short join': [{ type: 'join', seq: 1, padding: 10 }],
    digest: [{ type: 'digest', tableHash: NO_HASH, lines: [] }],
    'digest of the future': [
      { type: 'digest', tableHash: NO_HASH, lines: lines.map((each) => ({ ...each, known: 2 ** 33 })) },
    ],
    buckets: [{ type: 'buckets', hashes: new Uint8Array(256) }],
    have: [{ type: 'have', buckets: Array.from({ length: 64 }, (_, i) => i), lines: [] }],
    want: [{ type: 'want', lines }],
    'ping-req': [
      {
        type: 'ping-req',
        seq: 1,
        target: line(1).owner,
        targetBoot: 1,
        endpoint: new LyingPeer(new EnginePump()).endpoint,
      },
    ],
  };
  for (const [name, messages] of Object.entries(questions)) {
    const pump = new EnginePump();
    const node = pump.add();
    pump.mutate(node, (engine, nowMs) => {
      for (let i = 0; i < 20; i++) engine.put(nowMs, `k${i}`, 'x'.repeat(60));
    });
    const peer = new LyingPeer(pump);
    const question = messages[0].type === 'join' ? peer.seal(undefined, messages) : peer.seal(node, messages);
    const sent = pump.deliver(node, question, peer.path);
    const bytes = sent.reduce((sum, each) => sum + each.bytes.length, 0);
    assert.ok(bytes <= question.length + 16, `${name}: ${bytes} bytes for ${question.length}`);
  }
});

test('made-up members take no more than the limit on owners, in every table', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { ownersMax: 50 } });
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  for (let i = 0; i < 500; i++) {
    const owner = (i + 0x1000).toString(16).repeat(8);
    const made = new LyingPeer(pump, { id: owner, seed: i });
    made.tell(node, { type: 'blocks', blocks: [made.nodeBlock()] });
    pump.run(20);
  }
  const gauges = node.engine.gauges();
  assert.equal(gauges.owners, 50);
  assert.equal(gauges.members, 49);
  assert.ok(gauges.accusations <= 32, `${gauges.accusations} accusations`);
  assert.ok(gauges.records <= 50 + 32 && gauges.news <= 100 && gauges.probes < 50);
  assert.ok(gauges.sessions <= 502 && gauges.pending <= 1_000 && gauges.timers <= 1_200);
  assert.ok(node.engine.counters.drops['table-full'] >= 400);
});
