import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#runtime/wire/message.ts';
import { CertifiedFleet } from '../../../support/certified-fleet.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';

const POLICY = {
  writes: {
    '': 'everybody',
    'event/alarm': 'everybody',
    'event/deploy': ['controller'],
    'query/': ['controller'],
  },
} as const;

/** Three controllers and two sensors. */
function fleetOf() {
  const fleet = new CertifiedFleet(5);
  const pump = new EnginePump();
  const nodes = pump.cluster(Array.from({ length: 5 }, (_, index) => fleet.choices(index)));
  const emit = (node: PumpNode, name: string) =>
    pump.mutate(node, (engine, nowMs) => engine.events.emit(nowMs, name, null));
  const ask = (node: PumpNode, options = {}) =>
    pump.mutate(node, (engine, nowMs) => engine.events.ask(nowMs, 'load', null, options));
  const proclaim = (node: PumpNode) =>
    pump.mutate(node, (engine, nowMs) => engine.proclaim(nowMs, fleet.policy(POLICY)));
  return { fleet, pump, nodes, emit, ask, proclaim };
}

const names = (node: PumpNode) => node.eventsOf('user-event').map(({ event }) => event.name);

test('[P-18.8] what the policy keeps for other groups is refused to its sender', () => {
  const { pump, nodes, emit, ask, proclaim } = fleetOf();
  const [controller, , , sensor] = nodes;
  proclaim(controller);
  pump.until(() => sensor.engine.trust()?.policy === 1, 5_000, 'the policy');
  assert.throws(() => emit(sensor, 'deploy'), { code: 'E_NOT_ALLOWED' });
  assert.throws(() => emit(sensor, 'deploy/now'), { code: 'E_NOT_ALLOWED' });
  assert.throws(() => ask(sensor), { code: 'E_NOT_ALLOWED' });
  emit(sensor, 'alarm');
  emit(controller, 'deploy');
  ask(controller);
  pump.run(3_000);
  for (const node of nodes) {
    assert.deepEqual(names(node).sort(), ['alarm', 'deploy']);
    assert.equal(node.eventsOf('query').length, 1);
  }
});

test('[P-18.8] a sender that was not asked is not believed by anybody else', () => {
  const { fleet, pump, nodes, emit, ask } = fleetOf();
  const [controller, , , sensor] = nodes;
  const open = fleet.policy({ writes: { 'event/': 'everybody', 'query/': 'everybody' } });
  pump.mutate(controller, (engine, nowMs) => engine.proclaim(nowMs, open));
  pump.until(() => sensor.engine.trust()?.policy === 1, 5_000, 'the policy');
  // It hasn't heard of the next, as one that doesn't care for it wouldn't.
  pump.drop = (from, to) => (from === sensor) !== (to === sensor);
  const closed = fleet.policy({ ...POLICY, number: 2 });
  pump.mutate(controller, (engine, nowMs) => engine.proclaim(nowMs, closed));
  pump.run(2_000);
  emit(sensor, 'deploy');
  emit(sensor, 'alarm');
  ask(sensor, { timeoutMs: 60_000 });
  pump.run(1_000);
  const writes = controller.eventWrites;
  pump.drop = () => false;
  pump.until(() => names(controller).includes('alarm'), 30_000, 'what it may say');
  assert.equal(controller.eventWrites, writes + 1, 'what it may not say costs no write');
  pump.run(10_000);
  for (const node of nodes.filter((each) => each !== sensor)) {
    assert.deepEqual(names(node), ['alarm']);
    assert.deepEqual(node.eventsOf('query'), []);
    assert.equal(node.engine.counters.drops['not-allowed'], 2);
    assert.deepEqual(node.eventsOf('event-gap'), []);
  }
});

test('[P-18.8] one who may not send events makes nobody miss any', () => {
  const { fleet, pump, nodes } = fleetOf();
  const [controller, , , sensor] = nodes;
  const send = (node: PumpNode) =>
    pump.mutate(node, (engine, nowMs) => engine.events.emit(nowMs, 'deploy', null, { windowMs: 100 }));
  pump.mutate(controller, (engine, nowMs) =>
    engine.proclaim(nowMs, fleet.policy({ writes: { 'event/': 'everybody' } })),
  );
  pump.until(() => sensor.engine.trust()?.policy === 1, 5_000, 'the policy');
  send(sensor);
  pump.run(1_000);
  pump.drop = (from, to) => (from === sensor) !== (to === sensor);
  pump.mutate(controller, (engine, nowMs) => engine.proclaim(nowMs, fleet.policy({ ...POLICY, number: 2 })));
  pump.run(2_000);
  for (let i = 0; i < 70; i++) {
    send(sensor);
    pump.run(200);
  }
  pump.mutate(sensor, (engine, nowMs) => engine.events.ask(nowMs, 'ping', null, { timeoutMs: 60_000 }));
  const writes = controller.eventWrites;
  pump.drop = () => false;
  pump.until(() => controller.eventsOf('query').length > 0, 30_000, 'what it may ask');
  pump.run(10_000);
  for (const node of nodes.filter((each) => each !== sensor)) {
    assert.deepEqual(node.eventsOf('event-gap'), []);
    assert.equal(node.engine.counters.eventsMissed, 0);
  }
  assert.equal(controller.eventWrites, writes);
  assert.deepEqual(names(controller), ['deploy'], 'while it might');
});

test('a query asks the members of a group', () => {
  const { pump, nodes, ask } = fleetOf();
  const number = ask(nodes[0], { groups: ['sensor', 'nobody'], timeoutMs: 3_000 });
  pump.run(500);
  assert.deepEqual(
    nodes.map((node) => node.eventsOf('query').length),
    [0, 0, 0, 1, 1],
  );
  for (const node of nodes.slice(3))
    pump.mutate(node, (engine, nowMs) =>
      engine.events.answer(nowMs, { asker: nodes[0].id, number }, { kind: 'answer', value: 'up' }),
    );
  pump.run(500);
  const [{ summary }] = nodes[0].eventsOf('query-over');
  assert.deepEqual([summary.end, summary.expected, summary.answers], ['complete', 2, 2]);
});

test('what a revoked member said is not delivered', () => {
  const { fleet, pump, nodes, emit } = fleetOf();
  const [controller, , stolen] = nodes;
  pump.drop = (from, to) => (from === stolen) !== (to === stolen);
  emit(stolen, 'deploy');
  pump.run(1_000);
  pump.mutate(controller, (engine, nowMs) => engine.proclaim(nowMs, fleet.revocation(stolen.id)));
  pump.run(2_000);
  pump.drop = () => false;
  pump.run(30_000);
  for (const node of nodes.filter((each) => each !== stolen)) assert.deepEqual(names(node), []);
});

test('[P-18.11] where lives are proven, nobody answers in the name of another, or confirms for the asker', () => {
  const group = new TrustedGroup(4);
  const pump = new EnginePump();
  const nodes = pump.cluster([0, 1, 2].map((index) => group.choices(index, { proofs: true })));
  const [asker, answerer] = nodes;
  const number = pump.mutate(asker, (engine, nowMs) =>
    engine.events.ask(nowMs, 'uptime', null, { timeoutMs: 10_000 }),
  );
  pump.run(500);
  const traitor = new LyingPeer(pump, { id: group.id(3) });
  const reply = { type: 'query-reply', asker: asker.id, number, from: answerer.id } as const;
  const forged: Message = { ...reply, verdict: 'answer', value: 'lies', cutFrom: 0 };
  const before = asker.engine.counters.drops['bad-proof'];
  traitor.tell(asker, forged);
  traitor.tell(asker, { ...forged, mac: new Uint8Array(16) });
  assert.equal(asker.engine.counters.drops['bad-proof'], before + 2);
  // The direct way is cut, so that the answer is sent again and again.
  pump.drop = (from) => from === answerer;
  pump.mutate(answerer, (engine, nowMs) =>
    engine.events.answer(nowMs, { asker: asker.id, number }, { kind: 'answer', value: 'truth' }),
  );
  const got = { type: 'query-got', asker: asker.id, number, from: answerer.id, verdict: 'answer' } as const;
  traitor.tell(answerer, got);
  traitor.tell(answerer, { ...got, mac: new Uint8Array(16) });
  assert.equal(answerer.engine.gauges().queries, 1, 'it goes on');
  pump.drop = () => false;
  pump.run(5_000);
  const answers = asker.eventsOf('query-answer').filter(({ answer }) => answer.node === answerer.id);
  assert.deepEqual(
    answers.map(({ answer }) => answer.value),
    ['truth'],
  );
  assert.equal(answerer.engine.gauges().queries, 0);
});

test('[P-18.8] without a rule only groups with the right command send, and everybody asks what nodes answer themselves', () => {
  const { pump, nodes, emit, ask } = fleetOf();
  const [controller, , , sensor] = nodes;
  assert.throws(() => emit(sensor, 'alarm'), { code: 'E_NOT_ALLOWED' });
  assert.throws(() => ask(sensor), { code: 'E_NOT_ALLOWED' });
  emit(controller, 'alarm');
  for (const name of ['ping', 'uptime', 'version', 'reach'])
    pump.mutate(sensor, (engine, nowMs) => engine.events.ask(nowMs, name, null, {}));
  pump.run(3_000);
  for (const node of nodes) {
    assert.deepEqual(names(node), ['alarm']);
    assert.equal(node.eventsOf('query').length, 4);
  }
});
