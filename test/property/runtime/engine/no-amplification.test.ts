import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeVersion } from '#runtime/core/version.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Line, Message } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode, type Sent } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

/**
 * [P-7.11]: whatever comes from a session, or a place, that hasn't proven itself draws no more bytes than it has, to whichever address,
 * at once or later.
 */
const LATER_MS = 1_000;
const bytesOf = (sent: readonly Sent[]) => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);

const boot = fc.constantFrom(0, 1, 20, 23, 24, 200, 255, 256, 60_000, 65_536, 2 ** 20 - 1);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const version = fc
  .tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 0xffff_ffff }))
  .map(([ofBoot, sequence]) => makeVersion(ofBoot, sequence));
const id = fc.integer({ min: 1, max: 12 }).map((n) => n.toString(16).padStart(2, '0').repeat(16));
const line: fc.Arbitrary<Line> = fc.record({ owner: id, known: version, gc: fc.constant(0) });
const hash = fc.uint8Array({ minLength: 8, maxLength: 8 });
const endpoint = fc.constant({ transport: 'udp', address: '10.0.66.6', port: 53 } as const);

/** Every message there is but `blocks`: news is no answer, and is told on to members that are known. */
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('ping' as const), seq: uint32, destBoot: boot }),
  fc.record({ type: fc.constant('ack' as const), seq: uint32 }),
  fc.record({ type: fc.constant('nack' as const), seq: uint32 }),
  fc.record({ type: fc.constant('gone' as const), seq: uint32, boot: boot.map((n) => Math.max(1, n)) }),
  fc.record({ type: fc.constant('ping-req' as const), seq: uint32, target: id, targetBoot: boot, endpoint }),
  fc.record({ type: fc.constant('join' as const), seq: uint32, padding: fc.integer({ min: 0, max: 520 }) }),
  fc.record({
    type: fc.constant('presence' as const),
    uptimeMs: fc.nat(),
    nodeVersion: version,
    heard: fc.nat({ max: 2_000 }),
    tableHash: hash,
    nextMs: fc.nat({ max: 10_000 }),
  }),
  fc.record({
    type: fc.constant('digest' as const),
    tableHash: hash,
    lines: fc.array(line, { maxLength: 12 }),
  }),
  fc.record({
    type: fc.constant('buckets' as const),
    hashes: fc.uint8Array({ minLength: 256, maxLength: 256 }),
  }),
  fc.record({
    type: fc.constant('have' as const),
    buckets: fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 64 }),
    lines: fc.array(line, { maxLength: 12 }),
  }),
  fc.record({ type: fc.constant('want' as const), lines: fc.array(line, { minLength: 1, maxLength: 12 }) }),
  fc.record({ type: fc.constant('padding' as const), length: fc.nat({ max: 300 }) }),
  fc.record({
    type: fc.constant('lease-ask' as const),
    number: fc.nat(),
    operation: fc.constantFrom('claim' as const, 'release' as const, 'read' as const),
    name: fc.constantFrom('', 'grid'),
    claim: fc.constant('01'.repeat(8)),
    ballot: fc.nat(),
    fence: fc.nat(),
    ttlMs: fc.integer({ min: 2_000, max: 60_000 }),
    rosterVersion: fc.nat(),
    rosterMark: fc.constant('02'.repeat(8)),
    dest: version,
  }),
);

/** One datagram's worth of messages: those that fit. */
const messagesOfOne = fc.array(message, { minLength: 1, maxLength: 6 }).map((all) => {
  const builder = new BodyBuilder('99'.repeat(16), 2 ** 20 - 1);
  return all.filter((each) => builder.tryAdd(each));
});

interface Bench {
  readonly pump: EnginePump;
  readonly node: PumpNode;
}

/** A node with members, records and news that hasn't left; nothing else is going on by itself for a while. */
function busyNode(options: { multicast: 'full' | 'off'; boot: number }): Bench {
  const quiet = {
    probeIntervalMs: 600_000,
    digestIntervalMs: 600_000,
    presenceIntervalMs: 600_000,
    retryIntervalMs: 600_000,
  };
  const pump = new EnginePump({ multicast: options.multicast });
  const node = pump.add({ boot: options.boot, settings: quiet });
  const other = pump.add({ settings: quiet });
  pump.join(other, node);
  pump.mutate(node, (engine, nowMs) => {
    for (let i = 0; i < 20; i++) engine.put(nowMs, `k${i}`, 'x'.repeat(60));
  });
  pump.run(30_000);
  // What comes of it is counted at the node itself, not at whoever gets it.
  pump.kill(other);
  pump.run(1_000);
  return { pump, node };
}

/** What the node sends because of one datagram. */
function drawn({ pump, node }: Bench, bytes: Uint8Array, path: LyingPeer['path']): Sent[] {
  const idleFrom = node.sent.length;
  pump.run(LATER_MS);
  const idle = bytesOf(node.sent.slice(idleFrom));
  assert.equal(idle, 0, 'the bench is quiet');
  const from = node.sent.length;
  pump.deliver(node, bytes, path);
  pump.run(LATER_MS);
  return node.sent.slice(from);
}

for (const multicast of ['off', 'full'] as const)
  test(`[P-7.11] nothing that an unproven session sends draws more bytes than it has (multicast ${multicast})`, () => {
    let seed = 0;
    fc.assert(
      fc.property(
        messagesOfOne,
        boot,
        boot,
        fc.boolean(),
        fc.boolean(),
        (messages, ownBoot, peerBoot, toAny, byMulticast) => {
          const bench = busyNode({ multicast, boot: Math.max(1, ownBoot) });
          const { pump, node } = bench;
          const peer = new LyingPeer(pump, { boot: Math.max(1, peerBoot), seed: ++seed });
          const bytes = peer.seal(toAny ? undefined : node, messages);
          const sent = drawn(bench, bytes, { ...peer.path, multicast: byMulticast });
          assert.ok(
            bytesOf(sent) <= bytes.length,
            `${bytesOf(sent)} bytes for ${bytes.length} of ${messages.map(({ type }) => type).join(' ')}`,
          );
        },
      ),
      { numRuns: 150 },
    );
  });

test('[P-7.11] nothing that a proven session sends from elsewhere draws more bytes to there than it has', () => {
  fc.assert(
    fc.property(messagesOfOne, boot, (messages, peerBoot) => {
      const bench = busyNode({ multicast: 'off', boot: 3 });
      const { pump, node } = bench;
      const peer = new LyingPeer(pump, { boot: Math.max(1, peerBoot) });
      peer.introduce(node);
      pump.run(LATER_MS);
      const from = node.sent.length;
      const bytes = peer.seal(node, messages);
      pump.deliver(node, bytes, { ...peer.path, address: '10.0.77.7' });
      pump.run(LATER_MS);
      const there = node.sent
        .slice(from)
        .filter(({ to }) => to.kind === 'unicast' && to.endpoint.address === '10.0.77.7');
      assert.ok(bytesOf(there) <= bytes.length, `${bytesOf(there)} bytes for ${bytes.length}`);
    }),
    { numRuns: 150 },
  );
});

test('[P-8.1] refusals of what can not be opened are shorter than it, and few', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 1_200 }),
      fc.constantFrom(0x12, 0x22, 0x11),
      (tail, second) => {
        const bench = busyNode({ multicast: 'off', boot: 3 });
        const bytes = Uint8Array.of(0x47, second, ...tail);
        const path = new LyingPeer(bench.pump).path;
        assert.ok(bytesOf(drawn(bench, bytes, path)) <= bytes.length);
      },
    ),
    { numRuns: 60 },
  );
  const bench = busyNode({ multicast: 'off', boot: 3 });
  const bytes = new Uint8Array(200).fill(9);
  bytes.set([0x47, 0x12]);
  const from = bench.node.sent.length;
  for (let i = 0; i < 1_000; i++) bench.pump.deliver(bench.node, bytes, new LyingPeer(bench.pump).path);
  assert.equal(bench.node.sent.length - from, 5);
});
