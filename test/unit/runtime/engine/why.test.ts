import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhyView } from '#runtime/core/why.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

function why(pump: EnginePump, asked: PumpNode, about: { id: string }): WhyView {
  const view = asked.engine.why(pump.nowMs, about.id);
  assert.ok(view !== undefined);
  return view;
}

test('of a member that answers: how it is reached and heard, what its round trip is, and nothing against it', () => {
  const pump = new EnginePump({ latencyMs: 3 });
  const nodes = pump.cluster(3);
  pump.run(20_000);
  const view = why(pump, nodes[0], nodes[1]);
  assert.equal(view.member.state, 'alive');
  assert.ok(view.stateMs !== null && view.stateMs >= 20_000);
  assert.equal(view.heardBy, 'unicast');
  assert.equal(view.pathFrom, 'heard');
  assert.ok(Math.abs((view.roundTrip?.smoothedMs ?? 0) - 6) < 1);
  assert.equal(view.roundTrip?.timeoutMs, 100);
  assert.equal(view.vouchedForMs, null);
  assert.deepEqual([view.suspicion, view.retry, view.lastHelper, view.verdicts], [null, null, null, []]);
});

test('where multicast presence stands for a probe it says so, and for how long', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = pump.cluster(3);
  pump.run(10_000);
  const view = why(pump, nodes[0], nodes[1]);
  assert.ok(view.vouchedForMs !== null && view.vouchedForMs > 0 && view.vouchedForMs < 10_000);
  assert.equal(view.heardBy, 'multicast');
});

test('of a dead member: who accused it, what each saw, when it fell, and that it is still called', () => {
  // B-2, B-91
  const pump = new EnginePump();
  const nodes = pump.cluster(5);
  const [ann, , , , eve] = nodes;
  pump.kill(eve, { hostStaysUp: true });
  pump.until(() => pump.stateOf(ann, eve.id) === 'suspect', 10_000, 'suspect');
  const suspect = why(pump, ann, eve);
  assert.ok(suspect.suspicion !== null && suspect.suspicion.fallsInMs !== null);
  assert.equal(suspect.suspicion.confirmationsWanted, 3);
  assert.equal(suspect.verdicts[0]?.end, null);
  pump.until(() => pump.stateOf(ann, eve.id) === 'down', 10_000, 'down');
  const down = why(pump, ann, eve);
  assert.equal(down.suspicion?.fallsInMs, null);
  assert.equal(down.suspicion?.confirmations, (down.suspicion?.accusers.length ?? 0) - 1);
  assert.ok((down.suspicion?.refusedBy ?? 0) >= 2);
  for (const { name, evidence, saidMs, heardMs } of down.suspicion?.accusers ?? []) {
    assert.match(name, /^n[1-4]$/);
    assert.ok(evidence.waitedMs > 0 && evidence.helpers > 0, name);
    assert.ok(saidMs >= 150 && heardMs >= 150, `${name}: the first word counts, not the verdict's`);
  }
  assert.equal(down.verdicts[0]?.downMs, down.stateMs);
  assert.deepEqual(down.retry, { everyMs: 10_000, lastMs: null });
  pump.run(30_000);
  const later = why(pump, ann, eve);
  assert.ok(later.retry?.lastMs != null && later.retry.lastMs <= 12_000);
});

test('an hour after a flap both the others and the member itself know who accused it and that it refuted', () => {
  // B-30
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  const block = liar.accusation({ id: ben.id, boot: 1, incarnation: 0 });
  liar.tell(ann, { type: 'blocks', blocks: [block] });
  pump.run(3_600_000);
  for (const asked of [ann, ben]) {
    const verdict = why(pump, asked, ben).verdicts.at(-1);
    assert.equal(verdict?.end, 'refuted');
    assert.equal(verdict?.incarnation, 0);
    assert.equal(verdict?.downMs, null);
    assert.ok(verdict.startedMs >= 3_600_000 - 100);
    assert.equal(verdict.accusers[0]?.name, 'liar');
    assert.deepEqual(verdict.accusers[0]?.evidence, {
      waitedMs: 900,
      helpers: 3,
      nacks: 3,
      localHealth: 0,
      refusals: 0,
    });
  }
  assert.equal(why(pump, ann, ben).member.state, 'alive');
});

test('of this node itself it tells nothing that only others can see; of a stranger nothing', () => {
  const pump = new EnginePump();
  const [ann] = pump.cluster(2);
  const view = why(pump, ann, ann);
  assert.deepEqual(view.member.flags, ['self']);
  assert.deepEqual([view.stateMs, view.roundTrip, view.suspicion, view.verdicts], [null, null, null, []]);
  assert.equal(ann.engine.why(pump.nowMs, 'ff'.repeat(16)), undefined);
  assert.equal(ann.engine.why(pump.nowMs, 'not an id'), undefined);
});

test('a member that is told by helpers only names the last one', () => {
  // B-4, B-18
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  pump.drop = (from, to) => (from === nodes[0] && to === nodes[1]) || (from === nodes[1] && to === nodes[0]);
  pump.run(20_000);
  assert.match(why(pump, nodes[0], nodes[1]).lastHelper?.name ?? '', /^n[34]$/);
});

test('a peer that accuses a node in all its slots, over and over, is listed once', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  pump.kill(ben);
  for (let i = 0; i < 200; i++) {
    const block = liar.accusation({ id: ben.id, boot: 1, incarnation: 0 }, { slot: i % 32 });
    liar.tell(ann, { type: 'blocks', blocks: [block] });
  }
  const { suspicion, verdicts } = why(pump, ann, ben);
  assert.equal(suspicion?.accusers.filter(({ id }) => id === liar.id).length, 1);
  assert.ok(verdicts.length <= 4);
});
