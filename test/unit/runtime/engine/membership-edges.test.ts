import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '#runtime/engine/settings.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

test('a node that said it was leaving and then died is `left` in the end', () => {
  // B-101
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  pump.drop = (from) => from === nodes[2] && nodes[2].engine.members(pump.nowMs)[0].state === 'left';
  pump.mutate(nodes[2], (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => pump.sees(nodes[0], [nodes[2]], 'leaving'), 1_000, 'leaving');
  pump.kill(nodes[2]);
  pump.until(() => pump.sees(nodes[0], [nodes[2]], 'left'), 60_000, 'left');
});

test('a node that has heard of nobody yet says goodbye to who has heard of it by multicast', () => {
  // B-101
  const pump = new EnginePump({ multicast: 'full' });
  const ann = pump.add();
  const ben = pump.add();
  pump.drop = (from) => from === ann;
  pump.until(() => pump.sees(ann, [ben], 'alive'), 5_000, 'ann hears ben');
  assert.deepEqual(
    ben.engine.members(pump.nowMs).map(({ id }) => id),
    [ben.id],
  );
  pump.mutate(ben, (engine, nowMs) => engine.leave(nowMs));
  assert.equal(ben.eventsOf('left').length, 1);
  pump.kill(ben);
  pump.until(() => pump.stateOf(ann, ben.id) === 'left', 1_000, 'ann hears the goodbye');
});

test('acks of the first step of a leave do not end the second', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(8);
  const leaver = nodes[7];
  const late: (() => void)[] = [];
  let acks = 0;
  pump.drop = (from, to, bytes) => {
    if (to === leaver && ++acks > 3) {
      const copy = bytes.slice();
      late.push(() => pump.deliver(leaver, copy, from.path));
      return true;
    }
    return from === leaver && leaver.engine.members(pump.nowMs)[0].state === 'left';
  };
  pump.mutate(leaver, (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => leaver.engine.members(pump.nowMs)[0].state === 'left', 2_000, 'the second step');
  for (const deliver of late.splice(0)) deliver();
  assert.ok(!nodes.slice(0, 7).some((node) => pump.stateOf(node, leaver.id) === 'left'));
  assert.equal(leaver.eventsOf('left').length, 0);
});

test('the only survivor says down of all others', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(8);
  for (const node of nodes.slice(1)) pump.kill(node);
  pump.until(() => pump.sees(nodes[0], nodes, 'down'), 120_000, 'all others down');
});

test('an accusation of a new life that came before that life was known counts when it is', () => {
  // B-104
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  const early = new LyingPeer(pump, { id: '88'.repeat(16), seed: 3, last: 8 });
  const late = new LyingPeer(pump, { id: '88'.repeat(16), seed: 4, last: 8, boot: 2 });
  for (const peer of [liar, early]) peer.introduce(node);
  const accusation = liar.accusation({ id: late.id, boot: 2, incarnation: 0 });
  liar.tell(node, { type: 'blocks', blocks: [accusation] });
  // However old it is by then: the accused has the least time to answer it, from now on.
  pump.run(20_000);
  liar.tell(node, { type: 'blocks', blocks: [late.nodeBlock()] });
  assert.equal(pump.stateOf(node, late.id), 'suspect');
  pump.run(900);
  assert.equal(pump.stateOf(node, late.id), 'suspect');
  pump.until(() => pump.stateOf(node, late.id) === 'down', 10_000, 'unrefuted');
});

test('tags that are too large are refused with the state unchanged', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const tags = { note: 'x'.repeat(950) };
  assert.throws(() => pump.mutate(ann, (engine, nowMs) => engine.setTags(nowMs, tags)));
  assert.deepEqual(ann.engine.members(pump.nowMs)[0].tags, {});
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  liar.tell(ann, {
    type: 'blocks',
    blocks: [liar.accusation({ id: ann.id, boot: 1, incarnation: 0 })],
  });
  pump.run(1_000);
  assert.equal(pump.stateOf(ben, ann.id), 'alive');
});

test('a node with more addresses or tags than a record may name is known to its peers all the same', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const endpoints = Array.from({ length: 12 }, (_, i) => ({
    transport: 'udp' as const,
    address: `10.1.0.${i + 1}`,
    port: 18262,
  }));
  pump.mutate(ann, (engine, nowMs) => engine.setEndpoints(nowMs, endpoints, []));
  pump.run(2_000);
  const seen = ben.engine.members(pump.nowMs).find((member) => member.id === ann.id);
  assert.equal(seen?.endpoints[0]?.address, '10.1.0.1');
});

test('on a link of 1.5 s of round trip with stalls of 3 s nobody is down', () => {
  // B-138
  const pump = new EnginePump({ latencyMs: 750, settings: settingsOf('wan') });
  const nodes = pump.cluster(4);
  for (let i = 0; i < 10; i++) {
    const slow = nodes[i % 4];
    slow.running = false;
    pump.run(3_000);
    slow.running = true;
    pump.run(17_000);
  }
  for (const node of nodes) {
    assert.ok(!node.eventsOf('member').some((event) => event.to === 'down'));
    assert.ok(pump.sees(node, nodes, 'alive'));
  }
});
