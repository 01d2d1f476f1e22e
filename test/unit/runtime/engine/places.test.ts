import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { Message } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode, type Sent } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

const NO_HASH = new Uint8Array(8);
const VICTIM = '10.0.66.6';
const bytesOf = (sent: readonly Sent[]) => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
const toVictim = (sent: readonly Sent[]) =>
  sent.filter(({ to }) => to.kind === 'unicast' && to.endpoint.address === VICTIM);

function pathOf(pump: EnginePump, node: PumpNode, other: PumpNode): Endpoint | null | undefined {
  return node.engine.members(pump.nowMs).find(({ id }) => id === other.id)?.path;
}

function moveTo(node: PumpNode, address: string, port = 18262): void {
  node.endpoint = { transport: 'udp', address, port };
}

test('[P-3.13] a proven key holder that names the address of another as its own draws no more to there than it sends', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => {
    for (let i = 0; i < 20; i++) engine.put(nowMs, `k${i}`, 'x'.repeat(60));
  });
  const peer = new LyingPeer(pump);
  peer.introduce(node);
  pump.run(1_000);
  const questions: Message[] = [
    { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] },
    { type: 'have', buckets: Array.from({ length: 64 }, (_, i) => i), lines: [] },
    { type: 'digest', tableHash: NO_HASH, lines: [] },
    { type: 'buckets', hashes: new Uint8Array(256) },
    { type: 'join', seq: 7, padding: 20 },
  ];
  let asked = 0;
  const from = node.sent.length;
  for (let round = 0; round < 600; round++) {
    const bytes = peer.seal(node, [questions[round % questions.length]]);
    asked += bytes.length;
    const sent = pump.deliver(node, bytes, { ...peer.path, address: VICTIM });
    assert.ok(bytesOf(toVictim(sent)) <= bytes.length);
    pump.run(100);
  }
  const drawn = toVictim(node.sent.slice(from));
  assert.ok(bytesOf(drawn) < asked / 5, `${bytesOf(drawn)} bytes for ${asked}`);
  assert.ok(drawn.length <= 10 + 60 / 5 + 1, `${drawn.length} questions`);
  const member = node.engine.members(pump.nowMs).find(({ id }) => id === peer.id);
  assert.equal(member?.path?.address, peer.endpoint.address, 'and it is not taken to be there');
});

test('an echo from the new address proves it, and then all is answered to there', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  const peer = new LyingPeer(pump, { last: 9 });
  peer.introduce(node);
  pump.run(1_000);
  const want: Message = { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] };
  const there = { ...peer.path, address: '10.0.9.8' };
  const opened = new LyingPeer(pump, { last: 8 });
  const asked = pump.deliver(node, peer.seal(node, [want]), there);
  const [ping] = opened.read(asked);
  assert.ok(ping.type === 'ping');
  pump.deliver(node, peer.seal(node, [{ type: 'ack', seq: ping.seq }]), there);
  const answers = opened.read(pump.deliver(node, peer.seal(node, [want]), there));
  assert.ok(answers.some(({ type }) => type === 'blocks'));
});

test('an ack that comes from elsewhere proves the session, and the place that was asked', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const peer = new LyingPeer(pump);
  const join = peer.seal(undefined, [
    { type: 'join', seq: 1, padding: 560 },
    { type: 'blocks', blocks: [peer.nodeBlock()] },
  ]);
  const ping = peer.read(pump.deliver(node, join, peer.path)).find(({ type }) => type === 'ping');
  assert.ok(ping?.type === 'ping');
  const ack = peer.seal(node, [{ type: 'ack', seq: ping.seq }]);
  const sent = pump.deliver(node, ack, { ...peer.path, address: VICTIM });
  assert.ok(bytesOf(toVictim(sent)) <= ack.length);
  const member = node.engine.members(pump.nowMs).find(({ id }) => id === peer.id);
  assert.notEqual(member?.lastHeardMs, null, 'it lives');
  assert.equal(member?.path?.address, peer.endpoint.address);
});

for (const [what, address, port] of [
  ['another port, as by a NAT that forgot it', '10.0.0.2', 40_000],
  ['another address', '10.0.5.5', 18262],
] as const)
  test(`a member that speaks from ${what} is followed a round trip after it first spoke, without a suspicion`, () => {
    // B-138
    const pump = new EnginePump();
    const nodes = pump.cluster(4);
    const [ann, ben] = nodes;
    pump.until(() => pathOf(pump, ann, ben)?.address === '10.0.0.2', 10_000, 'heard');
    moveTo(ben, address, port);
    const from = ben.sent.length;
    const followedMs = new Map<PumpNode, number>();
    pump.until(
      () => {
        for (const node of nodes) {
          const path = pathOf(pump, node, ben);
          if (path?.address === address && path.port === port && !followedMs.has(node))
            followedMs.set(node, pump.nowMs);
        }
        return followedMs.size === nodes.length - 1;
      },
      15_000,
      'followed by all',
    );
    for (const [node, atMs] of followedMs) {
      const first = ben.sent
        .slice(from)
        .find(({ to }) => to.kind === 'unicast' && to.endpoint.address === node.endpoint.address);
      assert.ok(atMs - (first?.atMs ?? 0) <= 20, `${atMs} after ${first?.atMs}`);
    }
    pump.run(30_000);
    assert.ok(nodes.every((node) => pump.sees(node, nodes, 'alive')));
    assert.deepEqual(
      nodes.flatMap((node) => node.eventsOf('member').filter(({ to }) => to === 'down')),
      [],
    );
  });

test('a member that moved and says so is followed within 3 s while a third of all datagrams is lost', () => {
  const tookMs: number[] = [];
  for (let seed = 1; seed <= 10; seed++) {
    const pump = new EnginePump({ seed });
    const nodes = pump.cluster(4);
    const [, ben] = nodes;
    pump.drop = () => pump.random() < 0.3;
    moveTo(ben, '10.0.5.5');
    pump.mutate(ben, (engine, nowMs) =>
      engine.setEndpoints(nowMs, [ben.endpoint], [{ name: 'eth0', multicast: 'off' }]),
    );
    const startMs = pump.nowMs;
    const others = nodes.filter((node) => node !== ben);
    pump.until(
      () => others.every((node) => pathOf(pump, node, ben)?.address === '10.0.5.5'),
      15_000,
      `seed ${seed}`,
    );
    tookMs.push(pump.nowMs - startMs);
    assert.ok(others.every((node) => pump.stateOf(node, ben.id) !== 'down'));
  }
  tookMs.sort((a, b) => a - b);
  assert.ok(tookMs[5] <= 3_000, `${tookMs}`);
});

test('a member with two interfaces that speaks from both is answered at both', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  const peer = new LyingPeer(pump, { last: 9 });
  peer.introduce(node);
  const readers = [peer, new LyingPeer(pump, { last: 8 })];
  const paths = readers.map(({ path }) => path);
  const ping = readers[1].read(
    pump.deliver(
      node,
      peer.seal(node, [{ type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] }]),
      paths[1],
    ),
  );
  assert.ok(ping[0]?.type === 'ping');
  pump.deliver(node, peer.seal(node, [{ type: 'ack', seq: ping[0].seq }]), paths[1]);
  for (let round = 0; round < 6; round++) {
    pump.run(3_000);
    const want: Message = { type: 'want', lines: [{ owner: node.id, known: 0, gc: 0 }] };
    const answers = readers[round % 2].read(pump.deliver(node, peer.seal(node, [want]), paths[round % 2]));
    assert.ok(
      answers.some(({ type }) => type === 'blocks'),
      `round ${round}`,
    );
  }
});
