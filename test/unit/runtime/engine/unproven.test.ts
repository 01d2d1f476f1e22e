import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

function bytesOf(sent: readonly { bytes: Uint8Array }[]): number {
  return sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** A node with news for others that hasn't left yet. */
function busyNode(pump: EnginePump) {
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => {
    for (let i = 0; i < 20; i++) engine.put(nowMs, `k${i}`, 'x'.repeat(60));
  });
  return node;
}

test('[P-6.7] the answer to a join is not longer than the join, however much news there is', () => {
  const pump = new EnginePump();
  const node = busyNode(pump);
  const peer = new LyingPeer(pump);
  const join = peer.seal(undefined, [{ type: 'join', seq: 42, padding: 560 }]);
  const sent = pump.deliver(node, join, peer.path);
  assert.ok(bytesOf(sent) <= join.length, `${bytesOf(sent)} bytes for ${join.length}`);
});

test('an answer to an unproven sender is about as short as the question: no news rides along', () => {
  // B-55
  const pump = new EnginePump();
  const node = busyNode(pump);
  for (const [i, destBoot] of [0, 9].entries()) {
    const peer = new LyingPeer(pump, { id: `7${i}`.repeat(16), seed: i + 1 });
    const ping = peer.seal(node, [{ type: 'ping', seq: 1, destBoot }]);
    const sent = pump.deliver(node, ping, peer.path);
    assert.ok(bytesOf(sent) <= ping.length + 8, `${bytesOf(sent)} bytes for ${ping.length}`);
  }
});

test('a presence that came by unicast makes nobody send a long join to its address', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const node = pump.add();
  pump.run(5_000);
  const peer = new LyingPeer(pump);
  const presence = {
    type: 'presence',
    uptimeMs: 1,
    nodeVersion: 2 ** 32 + 1,
    heard: 0,
    tableHash: new Uint8Array(8),
    nextMs: 2_000,
  } as const;
  peer.tell(node, presence);
  pump.run(1_000);
  assert.equal(bytesOf(pump.mail), 0);
});

test('a join that came by multicast is not answered', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const node = pump.add();
  pump.run(5_000);
  const peer = new LyingPeer(pump);
  const join = peer.seal(undefined, [{ type: 'join', seq: 42, padding: 560 }]);
  assert.equal(pump.deliver(node, join, { ...peer.path, multicast: true }).length, 0);
});

test('foreign clusters are reported seldom, whatever tags an outsider makes up', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const bytes = new Uint8Array(60).fill(1);
  bytes.set([0x47, 0x12]);
  const path = { transport: 'udp', link: 'eth0', multicast: false, address: '10.0.9.9', port: 1 } as const;
  for (let i = 0; i < 2_000; i++) {
    bytes[3] = i & 255;
    bytes[4] = i >> 8;
    pump.deliver(node, bytes, path);
  }
  const reports = node.eventsOf('foreign-cluster').length;
  assert.ok(reports <= 100, `${reports} events at once`);
});

test('a datagram that anybody could have copied does not move the address of a member', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  pump.run(100);
  const presence = {
    type: 'presence',
    uptimeMs: 1,
    nodeVersion: 2 ** 32 + 1,
    heard: 0,
    tableHash: new Uint8Array(8),
    nextMs: 2_000,
  } as const;
  const elsewhere = { ...peer.path, address: '10.0.66.6' };
  pump.deliver(node, peer.seal(undefined, [presence]), elsewhere);
  const member = node.engine.members(pump.nowMs).find((each) => each.id === peer.id);
  assert.equal(member?.path?.address, peer.endpoint.address);
});

test('a helper does not send a flood to an address that a peer names', () => {
  const pump = new EnginePump();
  const node = busyNode(pump);
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  const requests = Array.from({ length: 18 }, (_, i) => ({
    type: 'ping-req' as const,
    seq: i,
    target: i.toString(16).padStart(2, '0').repeat(16),
    targetBoot: 1,
    endpoint: { transport: 'udp' as const, address: '10.0.66.6', port: 53 },
  }));
  const request = peer.seal(node, requests);
  const sent = pump.deliver(node, request, peer.path);
  assert.ok(bytesOf(sent) <= request.length, `${bytesOf(sent)} bytes for ${request.length}`);
});
