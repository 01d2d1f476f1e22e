import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

function bytesOf(sent: readonly { bytes: Uint8Array }[]): number {
  return sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

test('[P-6.7] a join is answered with an echo, who answers, and a question, and not longer than itself', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.run(100);
  const newcomer = new LyingPeer(pump);
  const join = newcomer.seal(undefined, [{ type: 'join', seq: 42, padding: 560 }]);
  const sent = pump.deliver(node, join, newcomer.path);
  const messages = newcomer.read(sent);
  assert.deepEqual(messages.map((message) => message.type).sort(), ['ack', 'blocks', 'ping']);
  assert.ok(bytesOf(sent) <= join.length, `${bytesOf(sent)} bytes for ${join.length}`);
  assert.ok(messages.some((message) => message.type === 'ack' && message.seq === 42));
});

test('a join shorter than the specification asks for gets no record in return', () => {
  const pump = new EnginePump();
  const node = pump.add({ tags: { one: 'x'.repeat(120), two: 'x'.repeat(120), three: 'x'.repeat(120) } });
  pump.run(100);
  const newcomer = new LyingPeer(pump);
  const sent = pump.deliver(
    node,
    newcomer.seal(undefined, [{ type: 'join', seq: 42, padding: 0 }]),
    newcomer.path,
  );
  assert.ok(!newcomer.read(sent).some((message) => message.type === 'blocks'));
});

test('a join of our own is padded, sealed to any, and asks again until answered', () => {
  // B-88
  const pump = new EnginePump();
  const node = pump.add();
  const nobody = { transport: 'udp', address: '10.0.9.1', port: 18262 } as const;
  pump.mutate(node, (engine, nowMs) => engine.join(nowMs, [nobody]));
  pump.run(60_000);
  assert.ok(pump.mail.length >= 8, `${pump.mail.length} attempts`);
  for (const { bytes } of pump.mail) {
    assert.ok(bytes.length >= 600 && bytes.length <= 1_200, `${bytes.length} bytes`);
    assert.equal(bytes[1] & 15, 2);
  }
});

test('one seed is enough for both to see each other', () => {
  // B-83
  const pump = new EnginePump();
  const [ann, ben] = [pump.add(), pump.add()];
  pump.join(ben, ann);
  pump.until(() => pump.sees(ann, [ben], 'alive') && pump.sees(ben, [ann], 'alive'), 1_000, 'both');
  assert.equal(ann.eventsOf('member')[0].from, undefined);
});

test('a seed that is silent does not spoil the others', () => {
  // B-83
  const pump = new EnginePump();
  const [ann, ben] = [pump.add(), pump.add()];
  const silent = { transport: 'udp', address: '10.0.9.1', port: 18262 } as const;
  pump.mutate(ben, (engine, nowMs) => engine.join(nowMs, [silent, ann.endpoint]));
  pump.until(() => pump.sees(ben, [ann], 'alive'), 1_000, 'the good seed');
});

test('a newcomer sees everyone though its seed is one of four', () => {
  // B-88
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const fifth = pump.add();
  pump.join(fifth, nodes[3]);
  pump.until(() => pump.sees(fifth, nodes, 'alive'), 3_000, 'the newcomer sees all');
  pump.until(() => nodes.every((node) => pump.sees(node, [fifth], 'alive')), 3_000, 'all see the newcomer');
});

test('nodes that lost one another find together again without being told', () => {
  // B-91
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  pump.drop = () => true;
  pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'down')), 60_000, 'all down');
  pump.drop = () => false;
  pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'alive')), 60_000, 'all back');
});

test('multicast presence alone brings nodes together', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = [pump.add(), pump.add(), pump.add()];
  pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'alive')), 2_000, 'all alive');
});

test('[P-8.1] a join of a foreign cluster is refused, at most five times a second', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const stranger = new LyingPeer(pump);
  let refusals = 0;
  for (let i = 0; i < 20; i++) {
    const join = stranger.seal(undefined, [{ type: 'join', seq: i, padding: 560 }]).slice();
    join[2] ^= 0xff;
    const sent = pump.deliver(node, join, stranger.path);
    for (const { bytes } of sent) {
      refusals++;
      assert.equal(bytes[1] & 15, 3);
      assert.ok(bytes.length <= join.length);
    }
  }
  assert.equal(refusals, 5);
  assert.equal(node.engine.counters.drops['wrong-cluster'], 20);
});

test('[P-8.1] nothing is refused that came by multicast or was sealed to one', () => {
  // B-92
  const pump = new EnginePump();
  const node = pump.add();
  const stranger = new LyingPeer(pump);
  const spoil = (bytes: Uint8Array) => {
    const spoiled = bytes.slice();
    spoiled[2] ^= 0xff;
    return spoiled;
  };
  const join = { type: 'join', seq: 1, padding: 560 } as const;
  const group = { ...stranger.path, multicast: true };
  assert.equal(pump.deliver(node, spoil(stranger.seal(undefined, [join])), group).length, 0);
  assert.equal(pump.deliver(node, spoil(stranger.seal(node, [join])), stranger.path).length, 0);
});

for (const isForeign of [true, false]) {
  const whose = isForeign ? 'of another cluster draw nothing' : 'of this one bring both together';
  test(`presences on a shared segment that are ${whose}`, () => {
    // B-128
    const pump = new EnginePump({ multicast: 'full' });
    const [ann, ben] = [pump.add(), pump.add()];
    pump.drop = (from, to) => isForeign || from === to;
    for (let i = 0; i < 100; i++) {
      const seen = ben.sent.length;
      pump.run(100);
      for (const { bytes, to } of ben.sent.slice(seen)) {
        const copy = bytes.slice();
        if (isForeign) copy[2] ^= 0xff;
        pump.deliver(ann, copy, { ...ben.path, multicast: to.kind === 'multicast' });
      }
    }
    assert.equal(ann.engine.members(pump.nowMs).length, isForeign ? 1 : 2);
    const toBen = ann.sent.filter(({ to }) => to.kind === 'unicast').length;
    assert.equal(toBen > 0, !isForeign);
    assert.equal(ann.engine.counters.drops['wrong-cluster'] > 0, isForeign);
  });
}

test('[P-8.2] a refusal is shown only where it echoes a join, and ends no attempt', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const seed = { transport: 'udp', address: '10.0.9.9', port: 18262 } as const;
  pump.mutate(node, (engine, nowMs) => engine.join(nowMs, [seed]));
  pump.run(10);
  const join = pump.mail[0].bytes;
  const name = new TextEncoder().encode('other');
  const refusal = new Uint8Array(32 + name.length);
  refusal.set([0x47, 0x13, 1, 2, 3, 4, 0, 1]);
  refusal.set(join.subarray(8, 32), 8);
  refusal.set(name, 32);
  const forged = refusal.slice();
  forged[31] ^= 1;
  const path = {
    transport: 'udp',
    link: 'eth0',
    multicast: false,
    address: '10.0.9.9',
    port: 18262,
  } as const;
  pump.deliver(node, forged, path);
  assert.equal(node.eventsOf('refused').length, 0);
  pump.deliver(node, refusal, path);
  assert.deepEqual(node.eventsOf('refused'), [
    { type: 'refused', code: 'wrong-cluster', cluster: 'other', address: '10.0.9.9' },
  ]);
  const tries = pump.mail.length;
  pump.run(5_000);
  assert.ok(pump.mail.length > tries);
  pump.run(10_000);
  pump.deliver(node, refusal, path);
  assert.equal(node.eventsOf('refused').length, 1);
});
