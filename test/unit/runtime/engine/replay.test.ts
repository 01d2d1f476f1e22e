import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import type { MemberView } from '#runtime/core/views.ts';
import { EnginePump, type PumpNode, type Sent } from '../../../support/engine-pump.ts';
import { drive, flaggers, replay } from '../../../support/twins.ts';

const bytesOf = (sent: readonly Sent[]) => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** All that is said of members but for times, which go on by themselves. */
function sayings(pump: EnginePump, node: PumpNode): unknown[] {
  return node.engine
    .members(pump.nowMs)
    .map(({ id, state, boot, incarnation, path }: MemberView) => ({ id, state, boot, incarnation, path }));
}

function values(pump: EnginePump, node: PumpNode): unknown[] {
  return node.engine
    .records(pump.nowMs)
    .map(({ owner, key, value, version }) => ({ owner, key, value, version }));
}

/** A cluster that has lived for a while; somebody has kept all that was ever sent. */
function livedThrough(multicast: 'full' | 'off') {
  const pump = new EnginePump({ multicast });
  const nodes = pump.cluster(4, { boot: 5 });
  for (let i = 0; i < 10; i++) {
    for (const node of nodes) pump.mutate(node, (engine, nowMs) => engine.put(nowMs, 'soc', i));
    pump.run(2_000);
  }
  pump.mutate(nodes[3], (engine, nowMs) => engine.delete(nowMs, 'soc'));
  pump.run(5_000);
  return { pump, nodes, captured: nodes.flatMap(({ sent }) => sent.slice()) };
}

function restart(pump: EnginePump, old: PumpNode, seed: PumpNode): PumpNode {
  pump.kill(old);
  const reborn = pump.add({ id: old.id, boot: old.engine.boot + 1, name: 'again' });
  pump.join(reborn, seed);
  drive(pump, 20_000, () => pump.sees(reborn, [seed], 'alive') && pump.sees(seed, [reborn], 'alive'));
  drive(pump, 10_000);
  return reborn;
}

for (const multicast of ['off', 'full'] as const)
  test(`[P-3.8] whatever was captured changes nothing at a node that has restarted since (multicast ${multicast})`, () => {
    const { pump, nodes, captured } = livedThrough(multicast);
    const [ann, ben] = nodes;
    const reborn = restart(pump, ben, ann);
    const before = [sayings(pump, reborn), values(pump, reborn)];
    let answers = 0;
    for (const sent of captured) {
      const isTo = sent.to.kind === 'multicast' || sent.to.endpoint.address === ben.endpoint.address;
      if (!isTo) continue;
      // From where it came, and from elsewhere, so that the answer would go there.
      for (const address of [sent.from.endpoint.address, '10.0.66.6']) {
        const path = { ...sent.from.path, address, multicast: sent.to.kind === 'multicast' };
        const answer = pump.deliver(reborn, sent.bytes, path);
        assert.ok(bytesOf(answer) <= sent.bytes.length, `${bytesOf(answer)} for ${sent.bytes.length}`);
        answers += answer.length;
      }
    }
    assert.deepEqual([sayings(pump, reborn), values(pump, reborn)], before);
    drive(pump, 5_000);
    assert.deepEqual(values(pump, reborn), before[1]);
    assert.deepEqual(flaggers(pump.nodes), []);
    assert.ok(answers < captured.length, `${answers} answers`);
    const toVictim = pump.mail.filter(
      ({ to }) => to.kind === 'unicast' && to.endpoint.address === '10.0.66.6',
    );
    assert.ok(bytesOf(toVictim) <= bytesOf(captured));
  });

for (const multicast of ['off', 'full'] as const)
  test(`a captured ack, ping, gone or presence brings no down member back, at whoever restarted too (multicast ${multicast})`, () => {
    const { pump, nodes, captured } = livedThrough(multicast);
    const [ann, ben, cem, dead] = nodes;
    pump.kill(dead);
    const isDown = (node: PumpNode, id: NodeId) => pump.stateOf(node, id) === 'down';
    assert.ok(drive(pump, 30_000, () => [ann, ben, cem].every((node) => isDown(node, dead.id))));
    const reborn = restart(pump, ben, ann);
    assert.ok(
      drive(pump, 60_000, () => isDown(reborn, dead.id)),
      'the restarted node knows it',
    );
    const ofDead = captured.filter(({ from }) => from === dead);
    assert.ok(ofDead.length > 50);
    for (let round = 0; round < 5; round++) {
      for (const node of [ann, cem, reborn]) replay(pump, node, ofDead);
      // What was meant for the life before the restart is tried too.
      for (const sent of ofDead) pump.deliver(reborn, sent.bytes, dead.path);
      drive(pump, 2_000);
      for (const node of [ann, cem, reborn]) {
        assert.ok(isDown(node, dead.id));
        const seen = node.engine.members(pump.nowMs).find((member) => member.id === dead.id);
        assert.ok(seen?.lastHeardMs == null || seen.lastHeardMs > 2_000 * (round + 1), 'no sign of life');
      }
    }
  });

test('[P-3.6] a datagram that the network doubles is taken once, in whatever order', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const from = ben.sent.length;
  drive(pump, 20_000);
  const again = ben.sent.slice(from).reverse();
  const before = ann.engine.counters.drops.replay;
  for (const sent of again) assert.deepEqual(replay(pump, ann, [sent]), []);
  assert.equal(ann.engine.counters.drops.replay - before, again.length);
});

test('[P-6.7] a captured join draws at most its own size, and makes nobody believe that the newcomer lives', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const guest = pump.add({ id: 'dd'.repeat(16) });
  pump.join(guest, ann);
  drive(pump, 2_000);
  const joins = guest.sent.filter(({ bytes }) => bytes.length >= 600);
  assert.ok(joins.length > 0);
  pump.kill(guest);
  const reborn = restart(pump, ben, ann);
  drive(pump, 60_000);
  for (const { bytes } of joins) {
    const answer = pump.deliver(reborn, bytes, { ...guest.path, address: '10.0.66.6' });
    assert.ok(answer.length > 0 && bytesOf(answer) <= bytes.length);
  }
  drive(pump, 5_000);
  assert.ok(!pump.sees(reborn, [guest], 'alive'));
});
