import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { decodeRecord } from '#runtime/wire/record-codec.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

const NO_HASH = new Uint8Array(8);

test('[P-7.4] who has not proven its session gets a question instead of lines and records', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.run(1_000);
  const peer = new LyingPeer(pump);
  for (const message of [
    { type: 'digest', tableHash: NO_HASH, lines: [] },
    { type: 'have', buckets: [], lines: [{ owner: node.id, known: 0, gc: 0 }] },
    { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] },
    { type: 'buckets', hashes: new Uint8Array(256).fill(7) },
  ] as const) {
    const types = peer.read(peer.tell(node, message)).map((answer) => answer.type);
    assert.deepEqual(types, ['ping'], message.type);
    pump.run(1_000);
  }
});

test('an echo of the question proves the session, and then records come', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.run(1_000);
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  pump.run(1_000);
  const want = { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] } as const;
  const answers = peer.read(peer.tell(node, want));
  const keys = answers.flatMap((answer) =>
    answer.type === 'blocks'
      ? answer.blocks.flatMap((block) => block.items.map((item) => decodeRecord(item.body)?.key))
      : [],
  );
  assert.ok(keys.includes('soc') && keys.includes('node'), keys.join(' '));
});

test('an ack with a number that was never drawn, or from whom it was not meant for, proves nothing', () => {
  // B-3
  const pump = new EnginePump();
  const node = pump.add();
  const [peer, other] = [new LyingPeer(pump), new LyingPeer(pump, { id: '88'.repeat(16), last: 8, seed: 5 })];
  const join = peer.seal(undefined, [{ type: 'join', seq: 1, padding: 600 }]);
  const ping = peer.read(pump.deliver(node, join, peer.path)).find((message) => message.type === 'ping');
  assert.ok(ping?.type === 'ping');
  peer.tell(node, { type: 'ack', seq: (ping.seq + 1) >>> 0 });
  other.tell(node, { type: 'ack', seq: ping.seq });
  const want = { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] } as const;
  pump.run(1_000);
  for (const each of [peer, other])
    assert.ok(!each.read(each.tell(node, want)).some((message) => message.type === 'blocks'));
});

test('[P-3.8] a replayed datagram changes nothing, is not answered, and is no sign of life', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  pump.run(100);
  const ping = peer.seal(node, [{ type: 'ping', seq: 3, destBoot: 0 }]);
  assert.deepEqual(peer.read(pump.deliver(node, ping, peer.path)), [
    { type: 'ack', seq: 3, uptimeMs: pump.nowMs },
  ]);
  pump.run(500);
  const before = node.engine.members(pump.nowMs).find((member) => member.id === peer.id);
  assert.equal(before?.lastHeardMs, 500);
  assert.deepEqual(pump.deliver(node, ping, peer.path), []);
  assert.equal(node.engine.counters.drops.replay, 1);
  const after = node.engine.members(pump.nowMs).find((member) => member.id === peer.id);
  assert.deepEqual(after, before);
});

test('an unproven sender is known by hearsay, and not counted as heard', () => {
  // B-77
  const pump = new EnginePump();
  const node = pump.add();
  const peer = new LyingPeer(pump);
  peer.tell(node, { type: 'blocks', blocks: [peer.nodeBlock()] });
  const member = node.engine.members(pump.nowMs).find((each) => each.id === peer.id);
  assert.equal(member?.state, 'alive');
  assert.equal(member?.lastHeardMs, null);
});

test('[P-6.1] a ping for this boot or any is echoed, to the address that it came from', () => {
  // B-1
  const pump = new EnginePump();
  const node = pump.add({ boot: 7 });
  pump.run(100);
  const peer = new LyingPeer(pump);
  for (const destBoot of [0, 7]) {
    const sent = peer.tell(node, { type: 'ping', seq: 100 + destBoot, destBoot });
    assert.deepEqual(peer.read(sent), [{ type: 'ack', seq: 100 + destBoot }]);
    assert.deepEqual(sent[0].to, { kind: 'unicast', endpoint: peer.endpoint });
  }
});

test('[P-6.1] a ping for another boot gets `gone` with the boot that answers', () => {
  // B-5
  const pump = new EnginePump();
  const node = pump.add({ boot: 7 });
  pump.run(100);
  const peer = new LyingPeer(pump);
  for (const destBoot of [6, 8])
    assert.deepEqual(peer.read(peer.tell(node, { type: 'ping', seq: 9, destBoot })), [
      { type: 'gone', seq: 9, boot: 7 },
    ]);
});

test('a restarted node is taken under its new boot at once, and its old life is no failure', () => {
  // B-49, B-95
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'old', 1));
  pump.until(() => pump.read(ann, ben.id, 'old') !== undefined, 1_000, 'the old value');
  pump.kill(ben);
  const index = pump.nodes.indexOf(ben);
  const reborn = pump.add({ id: ben.id, boot: 2, name: 'n2' });
  pump.nodes.splice(index, 1);
  pump.join(reborn, ann);
  const bootSeen = () => ann.engine.members(pump.nowMs).find((member) => member.id === ben.id)?.boot;
  pump.until(() => bootSeen() === 2, 2_000, 'the new boot');
  pump.until(() => pump.read(ann, ben.id, 'old') === undefined, 2_000, 'the old value is gone');
  assert.ok(!ann.eventsOf('member').some((event) => event.to === 'down'));
});

test('a peer that saw a higher boot of this node makes it report so, and adopting one heals it', () => {
  const pump = new EnginePump();
  const node = pump.add({ boot: 3 });
  const startMs = pump.nowMs;
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50, { unit: '%', ttlMs: 60_000 }));
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  const lines = [{ owner: node.id, known: makeVersion(5, 3), gc: 0 }];
  peer.tell(node, { type: 'digest', tableHash: NO_HASH, lines });
  pump.until(() => node.eventsOf('boot-behind').length > 0, 3_100, 'it waits whether a twin shows');
  assert.deepEqual(node.eventsOf('boot-behind'), [{ type: 'boot-behind', seenBoot: 5 }]);
  const heldMs = pump.nowMs - startMs;
  pump.mutate(node, (engine, nowMs) => engine.adoptBoot(nowMs, 6));
  assert.equal(node.engine.boot, 6);
  const record = pump.read(node, node.id, 'soc');
  assert.ok(record !== undefined && record.version > makeVersion(6, 0));
  assert.deepEqual([record.value, record.unit, record.ttlMs, record.ageMs], [50, '%', 60_000, heldMs]);
  assert.deepEqual(peer.read(peer.tell(node, { type: 'ping', seq: 4, destBoot: 3 }))[0], {
    type: 'gone',
    seq: 4,
    boot: 6,
  });
});

test('a node whose boot counter was lost is itself again for its peers once it adopted a higher one', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2, { boot: 4 });
  pump.kill(ben);
  const lost = pump.add({ id: ben.id, boot: 1, name: 'n2' });
  pump.nodes.splice(pump.nodes.indexOf(ben), 1);
  pump.mutate(lost, (engine, nowMs) => engine.put(nowMs, 'soc', 61));
  pump.join(lost, ann);
  pump.until(() => lost.eventsOf('boot-behind').length > 0, 5_000, 'boot-behind');
  const { seenBoot } = lost.eventsOf('boot-behind')[0];
  pump.mutate(lost, (engine, nowMs) => engine.adoptBoot(nowMs, seenBoot + 1));
  pump.until(() => pump.read(ann, lost.id, 'soc')?.value === 61, 10_000, 'its value under the new boot');
  pump.until(() => pump.sees(ann, [lost], 'alive'), 10_000, 'alive');
});

test('garbage of every length and kind is counted by reason and changes nothing', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.run(100);
  const peer = new LyingPeer(pump);
  const good = peer.seal(node, [{ type: 'ping', seq: 3, destBoot: 0 }]);
  let expected = 0;
  for (let length = 0; length <= 1_300; length += 13) {
    pump.deliver(node, new Uint8Array(length).fill(0x47), peer.path);
    expected++;
  }
  for (let at = 0; at < good.length; at++) {
    const broken = good.slice();
    broken[at] ^= 0x80;
    assert.ok(!peer.read(pump.deliver(node, broken, peer.path)).some((message) => message.type === 'ack'));
    expected++;
  }
  const { drops } = node.engine.counters;
  assert.equal(
    Object.values(drops).reduce((sum, count) => sum + count, 0),
    expected,
  );
  assert.equal(node.engine.members(pump.nowMs).length, 1);
  assert.equal(peer.read(pump.deliver(node, good, peer.path)).length, 1);
});
