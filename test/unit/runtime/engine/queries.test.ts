import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { OPEN_QUERIES_MAX } from '#runtime/core/limits.ts';
import type { AnswerKind, AskOptions, QueryAnswer } from '#runtime/core/query-views.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

/** Lets every node answer each query once, by this rule; undefined: it stays silent. */
class Answerers {
  readonly #pump: EnginePump;
  readonly #nodes: readonly PumpNode[];
  readonly #seen = new Map<PumpNode, number>();
  readonly #say: (node: PumpNode, name: string) => { kind: AnswerKind; value: AppValue } | undefined;

  constructor(
    pump: EnginePump,
    nodes: readonly PumpNode[],
    say: (node: PumpNode, name: string) => { kind: AnswerKind; value: AppValue } | undefined,
  ) {
    this.#pump = pump;
    this.#nodes = nodes;
    this.#say = say;
  }

  run(ms: number): void {
    for (const endMs = this.#pump.nowMs + ms; this.#pump.nowMs < endMs; ) {
      this.#pump.run(5);
      for (const node of this.#nodes) this.#answer(node);
    }
  }

  #answer(node: PumpNode): void {
    if (!node.running) return;
    const queries = node.eventsOf('query');
    for (const { query } of queries.slice(this.#seen.get(node) ?? 0)) {
      const said = this.#say(node, query.name);
      if (said !== undefined)
        this.#pump.mutate(node, (engine, nowMs) => engine.events.answer(nowMs, query, said));
    }
    this.#seen.set(node, queries.length);
  }
}

const value = (node: PumpNode) => ({ kind: 'answer' as const, value: node.id.slice(0, 2) });

function ask(pump: EnginePump, node: PumpNode, options: AskOptions = {}, name = 'uptime'): number {
  return pump.mutate(node, (engine, nowMs) => engine.events.ask(nowMs, name, null, options));
}

function answersOf(node: PumpNode, number: number): QueryAnswer[] {
  return node
    .eventsOf('query-answer')
    .filter((event) => event.number === number)
    .map(({ answer }) => answer);
}

function heard(node: PumpNode, number: number): string[] {
  return answersOf(node, number)
    .filter(({ kind }) => kind === 'answer')
    .map(({ name }) => name)
    .sort();
}

function endOf(node: PumpNode, number: number) {
  return node.eventsOf('query-over').find((event) => event.number === number)?.summary;
}

// B-112
test('a query is answered once by each node, and is over when all have answered', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(5);
  const number = ask(pump, nodes[0], { ack: true });
  new Answerers(pump, nodes, value).run(1_000);
  assert.deepEqual(heard(nodes[0], number), ['n1', 'n2', 'n3', 'n4', 'n5']);
  const summary = endOf(nodes[0], number);
  assert.equal(summary?.end, 'complete');
  assert.deepEqual([summary?.expected, summary?.answers, summary?.silent], [5, 5, []]);
  assert.ok((summary?.tookMs ?? 9e9) < 500, `${summary?.tookMs} ms`);
});

test('acknowledgements come before answers, and are counted apart', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const number = ask(pump, nodes[0], { ack: true, timeoutMs: 3_000 });
  new Answerers(pump, nodes, (node) => (node === nodes[1] ? value(node) : undefined)).run(4_000);
  const summary = endOf(nodes[0], number);
  assert.deepEqual([summary?.end, summary?.acks, summary?.answers], ['timeout', 3, 1]);
  assert.deepEqual(summary?.silent, [], 'who acknowledged is not silent');
  assert.deepEqual(answersOf(nodes[0], number).filter(({ kind }) => kind === 'ack').length, 3);
});

test('whoever answers nothing is named in the end', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const number = ask(pump, nodes[0], { timeoutMs: 1_000 });
  new Answerers(pump, nodes, (node) => (node === nodes[2] ? undefined : value(node))).run(2_000);
  assert.deepEqual(endOf(nodes[0], number)?.silent, [nodes[2].id]);
});

test('at 30 % loss each answer still comes, and once', () => {
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster(6);
  pump.drop = () => pump.random() < 0.3;
  const number = ask(pump, nodes[0], { timeoutMs: 20_000 });
  new Answerers(pump, nodes, value).run(20_500);
  assert.deepEqual(heard(nodes[0], number), ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']);
});

// B-112
test('an answer that can not go the direct way is relayed by a third, and counted once', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  pump.drop = (from, to) => from === c && to === a;
  const number = ask(pump, a, { timeoutMs: 5_000 });
  new Answerers(pump, [a, b, c], value).run(3_000);
  assert.deepEqual(heard(a, number), ['n1', 'n2', 'n3']);
  assert.equal(answersOf(a, number).find(({ name }) => name === 'n3')?.relayed, true);
  assert.equal(answersOf(a, number).find(({ name }) => name === 'n2')?.relayed, false);
  const sent = c.sent.length;
  pump.run(3_000);
  assert.ok(c.sent.length - sent < 60, 'it heard that its answer came, by the same third');
  assert.equal(c.engine.gauges().queries, 0);
});

test('filters by name, id and tag choose who answers', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster([
    { name: 'roof-1', tags: { role: 'inverter', site: 'north' } },
    { name: 'roof-2', tags: { role: 'meter' } },
    { name: 'barn', tags: { role: 'inverter' } },
  ]);
  const answerers = new Answerers(pump, nodes, value);
  const of = (options: AskOptions) => {
    const number = ask(pump, nodes[0], { timeoutMs: 1_000, ...options });
    answerers.run(1_200);
    assert.equal(endOf(nodes[0], number)?.end, 'complete');
    return heard(nodes[0], number);
  };
  assert.deepEqual(of({ nodes: ['roof-*'] }), ['roof-1', 'roof-2']);
  assert.deepEqual(of({ nodes: [nodes[2].id] }), ['barn']);
  assert.deepEqual(of({ nodes: ['b?rn', 'roof-2'] }), ['barn', 'roof-2']);
  assert.deepEqual(of({ tags: { role: 'inverter' } }), ['barn', 'roof-1']);
  assert.deepEqual(of({ tags: { role: '*', site: 'n*' } }), ['roof-1']);
  assert.deepEqual(of({ nodes: ['nobody'] }), []);
});

test('an old query is not answered by who comes after its end', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(2);
  ask(pump, nodes[0], { timeoutMs: 500 });
  pump.run(1_000);
  const late = pump.add();
  pump.join(late, nodes[1]);
  pump.run(10_000);
  assert.deepEqual(late.eventsOf('query'), []);
  assert.deepEqual(late.eventsOf('event-gap'), []);
});

test('who restarts in order does not answer a query twice', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  ask(pump, a, { timeoutMs: 60_000 }, 'load');
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  pump.mutate(b, (engine, nowMs) => engine.events.stop(nowMs));
  pump.run(100);
  pump.kill(b);
  const again = pump.add({ id: b.id, boot: 2, events: { kept: b.keptEvents as Uint8Array } });
  pump.join(again, a);
  pump.run(20_000);
  assert.deepEqual(again.eventsOf('query'), []);
});

test('events and queries of one sender come in its order', () => {
  const pump = new EnginePump({ seed: 9 });
  const [a, b] = pump.cluster(2);
  pump.drop = () => pump.random() < 0.3;
  for (let i = 0; i < 8; i++) {
    pump.mutate(a, (engine, nowMs) => engine.events.emit(nowMs, 'e', 2 * i));
    pump.mutate(a, (engine, nowMs) => engine.events.ask(nowMs, 'q', 2 * i + 1, { timeoutMs: 30_000 }));
  }
  pump.run(20_000);
  const order = b.events.flatMap((event) =>
    event.type === 'user-event' ? [event.event.payload] : event.type === 'query' ? [event.query.payload] : [],
  );
  assert.deepEqual(
    order,
    Array.from({ length: 16 }, (_, i) => i),
  );
});

test('a query is over at its limits, and what comes then is ignored', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(5);
  const byAnswers = ask(pump, nodes[0], { answersMax: 2 });
  const byBytes = ask(pump, nodes[0], { bytesMax: 1_000 });
  new Answerers(pump, nodes, () => ({ kind: 'answer', value: 'x'.repeat(800) })).run(2_000);
  assert.equal(endOf(nodes[0], byAnswers)?.end, 'limit');
  assert.equal(heard(nodes[0], byAnswers).length, 2);
  assert.equal(endOf(nodes[0], byBytes)?.end, 'limit');
  assert.equal(heard(nodes[0], byBytes).length, 2);
  for (const node of nodes) assert.equal(node.engine.gauges().queries, 0);
});

test('a cancelled query is over at once, and nobody goes on answering', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const number = ask(pump, nodes[0], { timeoutMs: 60_000 });
  pump.mutate(nodes[0], (engine, nowMs) => engine.events.cancel(nowMs, number));
  pump.mutate(nodes[0], (engine, nowMs) => engine.events.cancel(nowMs, number));
  assert.equal(endOf(nodes[0], number)?.end, 'cancelled');
  new Answerers(pump, nodes, value).run(1_000);
  assert.deepEqual(answersOf(nodes[0], number), []);
  for (const node of nodes) assert.equal(node.engine.gauges().queries, 0);
});

test('a second answer, an answer to nothing and one after the end are refused', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  ask(pump, a, { timeoutMs: 500 });
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  const [{ query }] = b.eventsOf('query');
  const answer = (number: number) =>
    pump.mutate(b, (engine, nowMs) =>
      engine.events.answer(nowMs, { asker: query.asker, number }, { kind: 'answer', value: 1 }),
    );
  assert.equal(answer(query.number + 1), false);
  assert.equal(answer(query.number), true);
  assert.equal(answer(query.number), false);
  ask(pump, a, { timeoutMs: 500 });
  pump.until(() => b.eventsOf('query').length === 2, 1_000, 'the next one');
  pump.run(600);
  assert.equal(answer(b.eventsOf('query')[1].query.number), false);
});

// B-113
test('an answer that is too large is refused with its size, and a smaller one may follow', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  const number = ask(pump, a);
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  const [{ query }] = b.eventsOf('query');
  const answer = (text: string) =>
    pump.mutate(b, (engine, nowMs) =>
      engine.events.answer(nowMs, query, { kind: 'answer', value: text, cutFrom: 5_000 }),
    );
  assert.throws(() => answer('x'.repeat(1_000)), /at most 900 bytes; got 1003/);
  assert.equal(answer('x'.repeat(800)), true);
  pump.run(100);
  assert.equal(answersOf(a, number).find(({ name }) => name === 'n2')?.cutFrom, 5_000);
});

test('what makes no sense is refused to whoever asks', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const refused = (options: AskOptions, pattern: RegExp) =>
    assert.throws(
      () => ask(pump, node, options),
      (error) => error instanceof GridvineError && pattern.test(error.message),
    );
  refused({ timeoutMs: 5 }, /expected a timeout of 100 to 3600000 ms; got 5/);
  refused({ groups: ['controller'] }, /no groups in a cluster of a pre-shared key; got controller/);
  refused({ nodes: Array.from({ length: 17 }, () => 'a') }, /at most 16 nodes in its filter; got 17/);
  refused({ answersMax: 0 }, /answersMax: expected a whole number from 1 to 4096; got 0/);
  refused({ bytesMax: 1e9 }, /bytesMax: expected a whole number from 1 to 16777216/);
  refused(
    { nodes: ['x'.repeat(129)] },
    /nodes: expected at most 128 characters each; got "x{20}\.\.\." with 129/,
  );
  const long = Array.from({ length: 8 }, () => 'x'.repeat(128));
  refused({ nodes: long }, /at most 840 bytes of name, payload and filter; got 1\d\d\d/);
  for (let i = 0; i < OPEN_QUERIES_MAX; i++) ask(pump, node, { timeoutMs: 10_000 });
  refused({}, /16 queries, the most it may/);
});

test('a reply that nobody asked for, and one that is passed on twice, do nothing', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  const before = b.engine.counters.drops.unsolicited;
  const number = ask(pump, a, { timeoutMs: 2_000 });
  pump.drop = (from, to) => from === c && to === a;
  new Answerers(pump, [a, b, c], value).run(3_000);
  assert.equal(answersOf(a, number).filter(({ name }) => name === 'n3').length, 1);
  assert.equal(b.engine.counters.drops.unsolicited, before);
});

test('a query that waits for answers outlasts a higher boot of its asker', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  const number = ask(pump, a, { timeoutMs: 60_000, nodes: ['n2', 'n3', 'late'] }, 'load');
  pump.until(() => b.eventsOf('query').length === 1, 1_000, 'the query');
  const [{ query }] = b.eventsOf('query');
  pump.drop = (from, to) => from === c || to === c;
  pump.mutate(a, (engine, nowMs) => engine.adoptBoot(nowMs, 7));
  pump.mutate(b, (engine, nowMs) => engine.events.answer(nowMs, query, { kind: 'answer', value: 1 }));
  pump.run(1_000);
  assert.deepEqual(heard(a, number), ['n2'], 'by the number that it had');
  const late = pump.add({ name: 'late' });
  pump.join(late, b);
  new Answerers(pump, [late], value).run(3_000);
  assert.deepEqual(heard(a, number).sort(), ['late', 'n2'], 'by the number that it has');
  pump.mutate(a, (engine, nowMs) => engine.events.cancel(nowMs, number));
  assert.equal(a.engine.gauges().queries, 0);
  const [over] = a.eventsOf('query-over').filter((event) => event.number === number);
  assert.equal(over.summary.answers, 2);
});

test('queries cost the medium nothing, neither of who asks nor of who answers', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(2);
  const [a, b] = nodes;
  const writes = [a.eventWrites, b.eventWrites];
  const answerers = new Answerers(pump, nodes, value);
  for (const name of ['ping', 'uptime', 'version', 'reach', 'load']) {
    const number = ask(pump, a, { timeoutMs: 1_000 }, name);
    answerers.run(500);
    assert.equal(endOf(a, number)?.end, 'complete', name);
  }
  ask(pump, a, { timeoutMs: 1_000, nodes: ['nobody'] }, 'load');
  pump.run(500);
  assert.equal(b.eventsOf('query').length, 5);
  assert.deepEqual([a.eventWrites, b.eventWrites], writes);
});

test('queries may be asked every ten seconds for ever', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(2);
  const [a, b] = nodes;
  const writes = [a.eventWrites, b.eventWrites];
  const answerers = new Answerers(pump, nodes, value);
  for (let i = 0; i < 700; i++) {
    const number = ask(pump, a, {}, i % 2 === 0 ? 'ping' : 'load');
    answerers.run(50);
    assert.equal(endOf(a, number)?.end, 'complete', `query ${i}`);
    pump.run(9_950);
  }
  assert.deepEqual([a.eventWrites, b.eventWrites], writes);
});

test('while the medium hangs nodes answer all queries but those that come behind an event', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  b.diskHangs = true;
  c.diskHangs = true;
  pump.mutate(a, (engine, nowMs) => engine.events.emit(nowMs, 'e', null));
  ask(pump, a, { timeoutMs: 5_000 }, 'load');
  ask(pump, a, { timeoutMs: 5_000 }, 'ping');
  ask(pump, c, { timeoutMs: 5_000 }, 'state');
  pump.run(1_000);
  const names = (node: PumpNode) =>
    node
      .eventsOf('query')
      .map(({ query }) => query.name)
      .sort();
  assert.deepEqual(names(b), ['ping', 'state']);
  assert.deepEqual(names(c), ['ping', 'state'], 'its own, too');
});

test('a query that its sender sends while an event is written comes right behind it', () => {
  const pump = new EnginePump();
  const [a] = pump.cluster(1);
  pump.mutate(a, (engine, nowMs) => engine.events.emit(nowMs, 'e', null));
  ask(pump, a, {}, 'load');
  assert.deepEqual(a.eventsOf('query'), []);
  pump.run(100);
  assert.deepEqual(
    a.events.flatMap(({ type }) => (type === 'user-event' || type === 'query' ? [type] : [])),
    ['user-event', 'query'],
  );
});
