import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventRecord, encodeEvent, eventKey } from '#runtime/coordination/events/event-record.ts';
import { REPLY_TRIES_MAX } from '#runtime/coordination/events/reply-resender.ts';
import { OPEN_QUERIES_MAX, REPLYING_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { Message } from '#runtime/wire/message.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';
import { recordOf } from '../../../support/wire.ts';

/** A node, and a member that says what it likes. */
function scene() {
  const pump = new EnginePump();
  const [node, other] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(node);
  let from = 0;
  const tell = (to: PumpNode, slot: number, value: AppValue) => {
    const version = liar.nextVersion();
    const ttlMs = 3_660_000;
    const body = encodeRecord(recordOf({ version, key: eventKey(slot), value, ttlMs }));
    const block = { owner: liar.id, from, to: version, gc: 0, items: [{ body, ageMs: 0 }] };
    from = version;
    liar.tell(to, { type: 'blocks', blocks: [block] });
    pump.run(50);
  };
  return { pump, node, other, liar, tell };
}

function event(count: number, changes: Partial<EventRecord> = {}): AppValue {
  const number = makeVersion(1, count);
  const before = count === 1 ? 0 : number - 1;
  return encodeEvent({
    number,
    life: 7,
    told: count - 1,
    before,
    windowMs: 60_000,
    name: 'e',
    payload: count,
    question: undefined,
    ...changes,
  });
}

const payloads = (node: PumpNode) => node.eventsOf('user-event').map(({ event: { payload } }) => payload);

test('what is no event is counted, and does not hold up those that follow', () => {
  const { node, tell } = scene();
  const before = node.engine.counters.drops.malformed;
  tell(node, 0, 'hello');
  tell(node, 1, event(1, { number: makeVersion(7, 1), before: 0 }));
  tell(node, 2, event(1, { name: 'no spaces' }));
  tell(node, 3, event(1, { windowMs: 5 }));
  assert.equal(node.engine.counters.drops.malformed, before + 4);
  tell(node, 4, event(1));
  assert.deepEqual(payloads(node), [1]);
});

test('a sender that skips, repeats and goes back is delivered in order, once', () => {
  const { node, tell } = scene();
  tell(node, 0, event(1));
  tell(node, 1, event(5));
  tell(node, 2, event(3));
  tell(node, 3, event(5, { payload: 'again' }));
  tell(node, 4, event(6));
  assert.deepEqual(payloads(node), [1, 5, 6]);
  assert.deepEqual(
    node.eventsOf('event-gap').map(({ gap }) => gap.missed),
    [3],
  );
});

test('one who asks without end is not answered without end', () => {
  const { pump, node, other, liar, tell } = scene();
  const question = { ack: true, nodes: [], tags: [], groups: [] };
  for (let i = 1; i <= REPLYING_MAX + 40; i++)
    tell(node, i % 64, event(i, { question, windowMs: 3_600_000 }));
  assert.equal(node.engine.gauges().queries, OPEN_QUERIES_MAX, 'one asker has so many places');
  assert.ok(node.engine.counters.drops.quota >= 40);
  const number = pump.mutate(other, (engine, nowMs) => engine.events.ask(nowMs, 'uptime', null, {}));
  pump.run(500);
  assert.ok(node.eventsOf('query').some(({ query }) => query.number === number && query.asker === other.id));
  const before = pump.mail.length;
  pump.run(60_000);
  const sent = pump.mail
    .slice(before)
    .filter(({ to }) => to.kind === 'unicast' && to.endpoint.address === liar.endpoint.address);
  assert.ok(sent.length < OPEN_QUERIES_MAX * REPLY_TRIES_MAX, `${sent.length} datagrams in a minute`);
});

test('answers to nothing, for others, and for somebody else are passed on to nobody but as they should', () => {
  const { pump, node, other, liar } = scene();
  const reply: Message = {
    type: 'query-reply',
    asker: node.id,
    number: makeVersion(1, 1),
    from: liar.id,
    verdict: 'answer',
    value: 1,
    cutFrom: 0,
  };
  const [sent] = [liar.tell(node, reply)];
  assert.deepEqual(node.eventsOf('query-answer'), []);
  assert.ok(sent.reduce((sum, { bytes }) => sum + bytes.length, 0) <= 200, 'a receipt, and no more');
  const before = node.engine.counters.drops.unsolicited;
  // In the name of a third, for a third: it didn't come from its maker.
  liar.tell(node, { ...reply, asker: other.id, from: '77'.repeat(16) });
  liar.tell(node, { ...reply, asker: '77'.repeat(16) });
  assert.equal(node.engine.counters.drops.unsolicited, before + 2);
  pump.run(100);
  assert.deepEqual(other.eventsOf('query-answer'), []);
});

test('acknowledgements in made-up names are bounded like answers, and carry nothing', () => {
  const { node, liar, pump } = scene();
  const number = pump.mutate(node, (engine, nowMs) =>
    engine.events.ask(nowMs, 'uptime', null, { ack: true, answersMax: 3, timeoutMs: 60_000 }),
  );
  for (let i = 10; i < 30; i++) {
    const from = String(i).repeat(16);
    const ack = { type: 'query-reply', asker: node.id, number, from, verdict: 'ack', cutFrom: 0 } as const;
    liar.tell(node, { ...ack, value: 'x'.repeat(500) });
  }
  const acks = node.eventsOf('query-answer').map(({ answer }) => answer);
  assert.equal(acks.length, 3);
  assert.ok(acks.every(({ value }) => value === null));
});

/** Somebody speaks of a member that never says a word, names its place, and lets it ask so many queries. @returns what is sent there. */
function askInNameOfVictim(count: number) {
  const pump = new EnginePump();
  const nodes = pump.cluster(6);
  const victim = new LyingPeer(pump, { id: '88'.repeat(16), last: 8 });
  const liar = new LyingPeer(pump);
  const question = { ack: true, nodes: [], tags: [], groups: [] };
  const about = { ttlMs: 3_660_000, priority: 'urgent' } as const;
  const blocks = [
    victim.nodeBlock(),
    ...Array.from({ length: count }, (_, i) => {
      const value = event(i + 1, { question, windowMs: 3_600_000 });
      return victim.block({ key: eventKey(i), value, ...about });
    }),
  ];
  for (const node of nodes) for (const block of blocks) liar.tell(node, { type: 'blocks', blocks: [block] });
  pump.run(100);
  for (const each of nodes)
    for (const { query } of each.eventsOf('query'))
      pump.mutate(each, (engine, nowMs) =>
        engine.events.answer(nowMs, query, { kind: 'answer', value: 'x'.repeat(800) }),
      );
  pump.run(60_000);
  const sent = pump.mail.filter(
    ({ to }) => to.kind === 'unicast' && to.endpoint.address === victim.endpoint.address,
  );
  const queries = nodes.map((each) => each.eventsOf('query').length);
  return { pump, nodes, queries, sent, said: new Set(victim.read(sent).map(({ type }) => type)) };
}

test('[P-18.10] answers go to no place where their asker has not proven to be', () => {
  const { sent: without } = askInNameOfVictim(0);
  const { nodes, pump, queries, sent, said } = askInNameOfVictim(OPEN_QUERIES_MAX);
  assert.deepEqual(queries, Array(nodes.length).fill(OPEN_QUERIES_MAX), 'all are asked');
  assert.ok(!said.has('query-reply'), [...said].join());
  const more = sent.length - without.length;
  assert.ok(more < nodes.length * 12, `${more} datagrams more: it is asked to prove itself, a few times`);
  pump.run(3_600_000);
  assert.ok(nodes.every((each) => each.engine.gauges().queries === 0));
});

test('[P-18.10] an asker that takes no answer is sent it no more than ten times, ever more seldom', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  pump.mutate(a, (engine, nowMs) => engine.events.ask(nowMs, 'load', null, { timeoutMs: 3_600_000 }));
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  const [{ query }] = b.eventsOf('query');
  // Whatever says so long a thing is an answer.
  const isAnswer = (bytes: Uint8Array) => bytes.length > 800;
  let count = 0;
  pump.drop = (from, _to, bytes) => {
    if (from !== b || !isAnswer(bytes)) return false;
    count++;
    return true;
  };
  pump.mutate(b, (engine, nowMs) =>
    engine.events.answer(nowMs, query, { kind: 'answer', value: 'x'.repeat(800) }),
  );
  pump.run(10_000);
  assert.ok(count >= 4 && count <= 6, `${count} in ten seconds`);
  pump.run(600_000);
  assert.equal(count, REPLY_TRIES_MAX);
});

test('[P-18.10] an asker that is away is not sent to, and gets its answer when it is back', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  pump.mutate(a, (engine, nowMs) => engine.events.ask(nowMs, 'load', null, { timeoutMs: 3_600_000 }));
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  const [{ query }] = b.eventsOf('query');
  pump.drop = () => true;
  pump.run(60_000);
  const isDown = () => b.engine.members(pump.nowMs).find(({ id }) => id === a.id)?.state === 'down';
  assert.ok(isDown());
  pump.mutate(b, (engine, nowMs) => engine.events.answer(nowMs, query, { kind: 'answer', value: 1 }));
  pump.run(600_000);
  pump.drop = () => false;
  pump.until(() => a.eventsOf('query-answer').length > 0, 120_000, 'the answer');
});

test('[P-18.10] many who ask under made-up names mute nobody else', () => {
  const pump = new EnginePump();
  const [node, other] = pump.cluster(2);
  const question = { ack: false, nodes: [], tags: [], groups: [] };
  for (let name = 0; name < 20; name++) {
    const liar = new LyingPeer(pump, {
      id: (name + 16).toString(16).repeat(16),
      last: 20 + name,
      seed: name,
    });
    for (let i = 0; i < OPEN_QUERIES_MAX; i++) {
      const value = event(i + 1, { question, windowMs: 3_600_000 });
      const block = liar.block({ key: eventKey(i), value, ttlMs: 7_200_000 });
      liar.tell(node, { type: 'blocks', blocks: [block] });
    }
  }
  pump.run(1_000);
  assert.equal(node.engine.gauges().queries, REPLYING_MAX);
  for (let i = 0; i < 3; i++) {
    const number = pump.mutate(other, (engine, nowMs) => engine.events.ask(nowMs, 'ping', null, {}));
    pump.run(100);
    pump.mutate(node, (engine, nowMs) =>
      engine.events.answer(nowMs, { asker: other.id, number }, { kind: 'answer', value: true }),
    );
    pump.run(500);
    assert.ok(
      other.eventsOf('query-answer').some((each) => each.number === number && each.answer.node === node.id),
    );
  }
  assert.ok(node.engine.gauges().queries <= REPLYING_MAX);
});
