import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

function statesOf(node: PumpNode, of: PumpNode): string[] {
  return node
    .eventsOf('member')
    .filter((event) => event.id === of.id)
    .map((event) => `${event.from ?? 'unknown'} > ${event.to}`);
}

test('members that answer stay alive, and their round trip is measured', () => {
  // B-1, B-17
  const pump = new EnginePump({ latencyMs: 3 });
  const nodes = pump.cluster(4);
  pump.run(60_000);
  for (const node of nodes) {
    assert.ok(pump.sees(node, nodes, 'alive'));
    for (const member of node.engine.members(pump.nowMs).slice(1)) {
      assert.ok(member.rttMs !== null && Math.abs(member.rttMs - 6) < 1, `${member.rttMs} ms`);
      assert.deepEqual(member.accusers, []);
    }
    assert.equal(node.engine.counters.suspicions, 0);
  }
});

test('a killed node is suspect, then down, on every other, each once', () => {
  // B-2
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.kill(nodes[3]);
  const others = nodes.slice(0, 3);
  pump.until(() => others.every((node) => pump.sees(node, [nodes[3]], 'down')), 15_000, 'down');
  pump.run(30_000);
  for (const node of others)
    assert.deepEqual(statesOf(node, nodes[3]), ['unknown > alive', 'alive > suspect', 'suspect > down']);
});

test('of two nodes one that dies is down soon: nobody else could confirm it', () => {
  // B-26
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.kill(ben);
  pump.until(() => pump.sees(ann, [ben], 'down'), 6_000, 'down');
});

test('a node that one other cannot reach stays alive through helpers', () => {
  // B-4, B-18
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.drop = (from, to) => (from === nodes[0] && to === nodes[1]) || (from === nodes[1] && to === nodes[0]);
  pump.run(60_000);
  for (const node of nodes) {
    assert.ok(!node.eventsOf('member').some((event) => event.to === 'down'));
    assert.ok(pump.sees(node, nodes, 'alive'));
  }
});

test('at 30 % loss nobody is down', () => {
  // B-80
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster(5);
  pump.drop = () => pump.random() < 0.3;
  pump.run(120_000);
  for (const node of nodes) assert.ok(!node.eventsOf('member').some((event) => event.to === 'down'));
});

test('[P-6.4] an accused node refutes at once with the next incarnation, every time', () => {
  // B-30
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  for (let incarnation = 0; incarnation < 5; incarnation++) {
    const block = liar.accusation({ id: ben.id, boot: 1, incarnation });
    liar.tell(ben, { type: 'blocks', blocks: [block] });
    assert.equal(pump.incarnationOf(ben, ben.id), incarnation + 1);
    pump.run(100);
    assert.equal(pump.incarnationOf(ann, ben.id), incarnation + 1);
  }
  assert.equal(pump.stateOf(ann, ben.id), 'alive');
});

test('a refutation ends a suspicion without an event of a join', () => {
  // B-34
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  liar.tell(ann, {
    type: 'blocks',
    blocks: [liar.accusation({ id: ben.id, boot: 1, incarnation: 0 })],
  });
  assert.equal(pump.stateOf(ann, ben.id), 'suspect');
  pump.run(2_000);
  assert.deepEqual(statesOf(ann, ben), ['unknown > alive', 'alive > suspect', 'suspect > alive']);
});

test('the next packet to a suspect tells it of the accusation', () => {
  // B-10
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  let heard = 0;
  pump.drop = (from, to) => {
    if (from === ann && to === ben) heard++;
    return false;
  };
  liar.tell(ann, {
    type: 'blocks',
    blocks: [liar.accusation({ id: ben.id, boot: 1, incarnation: 0 })],
  });
  pump.until(() => heard > 0, 2_000, 'a packet to the suspect');
  pump.run(2);
  assert.equal(pump.incarnationOf(ben, ben.id), 1);
});

test('being forced to refute costs health, and answers restore it', () => {
  // B-20, B-22
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ben);
  liar.tell(ben, {
    type: 'blocks',
    blocks: [liar.accusation({ id: ben.id, boot: 1, incarnation: 0 })],
  });
  assert.equal(ben.engine.localHealth, 1);
  pump.run(500);
  assert.ok(pump.sees(ann, [ben], 'alive'));
  const down = () => pump.stateOf(ben, liar.id) === 'down';
  pump.until(down, 60_000, 'the silent peer down');
  pump.until(() => ben.engine.localHealth === 0, 60_000, 'well again');
});

test('a late event loop costs health and holds verdicts back', () => {
  const pump = new EnginePump();
  const node = pump.add();
  pump.mutate(node, (engine, nowMs) => engine.observeHost(nowMs, { lagMs: 100 }));
  assert.equal(node.engine.localHealth, 0);
  pump.mutate(node, (engine, nowMs) => engine.observeHost(nowMs, { lagMs: 3_000 }));
  assert.equal(node.engine.localHealth, 1);
});

test('a leave shows as leaving and then left on all others, never as suspect or down', () => {
  // B-100
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.mutate(nodes[3], (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => nodes[3].eventsOf('left').length === 1, 3_000, 'the leaver may stop');
  pump.kill(nodes[3]);
  pump.run(60_000);
  for (const node of nodes.slice(0, 3))
    assert.deepEqual(statesOf(node, nodes[3]).at(-1)?.split(' > ')[1], 'left');
  for (const node of nodes.slice(0, 3))
    assert.ok(!statesOf(node, nodes[3]).some((step) => /suspect|down/.test(step)));
});

test('a leave of a lonely node is over at once, and one among the deaf within its time', () => {
  // B-108
  const pump = new EnginePump();
  const alone = pump.add();
  pump.mutate(alone, (engine, nowMs) => engine.leave(nowMs));
  assert.equal(alone.eventsOf('left').length, 1);
  const other = new EnginePump();
  const [ann] = other.cluster(2);
  other.drop = () => true;
  other.mutate(ann, (engine, nowMs) => engine.leave(nowMs));
  other.run(500);
  assert.equal(ann.eventsOf('left').length, 0);
  other.run(2_500);
  assert.equal(ann.eventsOf('left').length, 1);
});

test('a node that left and comes back under a new boot is alive again', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.mutate(ben, (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => pump.sees(ann, [ben], 'left'), 3_000, 'left');
  pump.nodes.splice(pump.nodes.indexOf(ben), 1);
  const back = pump.add({ id: ben.id, boot: 2, name: 'n2' });
  pump.join(back, ann);
  pump.until(() => pump.sees(ann, [back], 'alive'), 3_000, 'back');
});

test('changed tags reach all others as one newer record of the same member', () => {
  // B-35, B-82
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  pump.mutate(nodes[0], (engine, nowMs) => engine.setTags(nowMs, { role: 'meter' }));
  pump.run(1_000);
  for (const node of nodes) {
    const member = node.engine.members(pump.nowMs).find((each) => each.id === nodes[0].id);
    assert.deepEqual(member?.tags, { role: 'meter' });
  }
  assert.deepEqual(statesOf(nodes[1], nodes[0]), ['unknown > alive']);
});

test('a port that nobody listens on is probed at once', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.run(100);
  const before = ann.engine.counters.probes;
  pump.kill(ben);
  pump.mutate(ann, (engine, nowMs) => engine.handleUnreachable(nowMs, ben.endpoint));
  assert.ok(ann.engine.counters.probes > before);
  pump.mutate(ann, (engine, nowMs) =>
    engine.handleUnreachable(nowMs, { transport: 'udp', address: '10.9.9.9', port: 1 }),
  );
});

test('timeouts that come too often or too early do nothing', () => {
  // B-14, B-16
  const pump = new EnginePump();
  const node = pump.add();
  pump.run(10_000);
  const sent = node.sent.length;
  for (let i = 0; i < 100; i++) pump.mutate(node, (engine, nowMs) => engine.handleTimeout(nowMs));
  assert.equal(node.sent.length, sent);
});

test('a node whose process stood still goes on, and is not taken for dead by its own verdicts', () => {
  // B-14
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.kill(nodes[0]);
  pump.run(4_000);
  nodes[0].running = true;
  pump.run(20_000);
  for (const node of nodes) {
    assert.ok(pump.sees(node, nodes, 'alive'));
  }
  assert.ok(!nodes[0].eventsOf('member').some((event) => event.to === 'down'));
});

test('more silent members than an accuser has slots for are all down, and none comes back meanwhile', () => {
  const pump = new EnginePump();
  const node = pump.add({ settings: { localHealthMax: 1, probeHelpers: 0 } });
  const watcher = pump.add();
  pump.join(watcher, node);
  pump.run(1_000);
  const peers = Array.from(
    { length: 36 },
    (_, i) => new LyingPeer(pump, { id: (i + 0x20).toString(16).repeat(16), seed: i, last: i + 1 }),
  );
  for (const peer of peers) peer.introduce(node);
  pump.run(1_000);
  pump.until(
    () => peers.every((peer) => pump.stateOf(node, peer.id) === 'down'),
    120_000,
    'all silent members down',
  );
  const back = node
    .eventsOf('member')
    .filter((event) => event.from === 'suspect' && event.to === 'alive' && event.id !== watcher.id);
  assert.deepEqual(back, []);
});
