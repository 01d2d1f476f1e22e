import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridvineError } from '#runtime/core/errors.ts';
import { EVENT_SLOTS, EVENT_TRACE_MS } from '#runtime/core/limits.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { emit, missed, payloads, restart } from '../../../support/event-nodes.ts';

// B-109
test('an event is delivered once at every member, its sender among them, in the order of sending', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  for (let i = 0; i < 20; i++) emit(pump, nodes[0], i);
  pump.run(3_000);
  const expected = Array.from({ length: 20 }, (_, i) => i);
  for (const node of nodes) assert.deepEqual(payloads(node), expected);
  const [{ event }] = nodes[1].eventsOf('user-event');
  assert.equal(event.name, 'deploy');
  assert.equal(event.sender, nodes[0].id);
  assert.equal(event.senderName, 'n1');
});

test('events are in order and once at 30 % loss', () => {
  const pump = new EnginePump({ seed: 5 });
  const nodes = pump.cluster(5);
  pump.drop = () => pump.random() < 0.3;
  for (let i = 0; i < 30; i++) {
    emit(pump, nodes[i % 2], i);
    pump.run(50);
  }
  pump.run(20_000);
  for (const node of nodes) {
    assert.deepEqual(
      payloads(node).filter((n) => Number(n) % 2 === 0),
      even(30),
    );
    assert.deepEqual(
      payloads(node).filter((n) => Number(n) % 2 === 1),
      odd(30),
    );
    assert.deepEqual(missed(node), []);
  }
});

test('who comes late gets what is in its window, in order, and nothing of before', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(2);
  emit(pump, nodes[0], 1, 5_000);
  emit(pump, nodes[0], 2, 60_000);
  emit(pump, nodes[0], 3, 60_000);
  pump.run(6_000);
  const late = pump.add();
  pump.join(late, nodes[1]);
  pump.run(10_000);
  assert.deepEqual(payloads(late), [2, 3]);
  assert.deepEqual(missed(late), [], 'what was before its time it has not missed');
});

test('who was cut off gets all that is in its window, and is told how many it missed', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  emit(pump, a, 1);
  pump.run(2_000);
  pump.drop = (from, to) => (from === c) !== (to === c);
  emit(pump, a, 2, 5_000);
  emit(pump, a, 3, 5_000);
  emit(pump, a, 4, 120_000);
  pump.run(10_000);
  pump.drop = () => false;
  pump.until(() => payloads(c).includes(4), 60_000, 'the event in its window');
  assert.deepEqual(payloads(c), [1, 4]);
  assert.deepEqual(missed(c), [2]);
  assert.deepEqual(payloads(b), [1, 2, 3, 4]);
  assert.equal(c.engine.counters.eventsMissed, 2);
});

test('who misses the only event of a sender is told so when it hears of it', () => {
  const pump = new EnginePump();
  const [a, , c] = pump.cluster(3);
  pump.drop = (from, to) => (from === c) !== (to === c);
  emit(pump, a, 1, 2_000);
  pump.run(8_000);
  pump.drop = () => false;
  pump.until(() => missed(c).length > 0, 60_000, 'the gap');
  assert.deepEqual(missed(c), [1]);
  assert.deepEqual(payloads(c), []);
});

test('a restart delivers nothing again, and what came meanwhile once', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 600_000);
  emit(pump, a, 2, 600_000);
  pump.run(2_000);
  assert.deepEqual(payloads(b), [1, 2]);
  pump.kill(b);
  emit(pump, a, 3, 600_000);
  pump.run(1_000);
  const again = restart(pump, b, a);
  pump.run(20_000);
  assert.deepEqual(payloads(again), [3]);
  assert.deepEqual(missed(again), []);
});

test('nothing is delivered before the medium knows of it', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 600_000);
  const before = b.keptEvents;
  pump.until(() => payloads(b).length === 1, 1_000, 'its delivery');
  assert.notDeepEqual(b.keptEvents, before);
  pump.kill(b);
  const again = pump.add({ id: b.id, boot: 2, events: { kept: b.keptEvents as Uint8Array } });
  pump.join(again, a);
  pump.run(10_000);
  assert.deepEqual(payloads(again), []);
});

test('a node that lost its disk gets what is in its window once more', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 600_000);
  pump.run(2_000);
  pump.kill(b);
  const again = pump.add({ id: b.id, boot: 2 });
  pump.join(again, a);
  pump.run(20_000);
  assert.deepEqual(payloads(again), [1]);
});

test('a medium that takes nothing holds no event up', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  b.diskWorks = false;
  emit(pump, a, 1);
  pump.run(1_000);
  assert.deepEqual(payloads(b), [1]);
});

test('a sender that starts again goes on in order, and nobody gets an event twice', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  emit(pump, a, 1, 600_000);
  pump.run(2_000);
  const again = restart(pump, a, b);
  pump.run(3_000);
  emit(pump, again, 2);
  pump.run(3_000);
  for (const node of [b, c]) {
    assert.deepEqual(payloads(node), [1, 2]);
    assert.deepEqual(missed(node), []);
  }
  assert.deepEqual(payloads(again), [2]);
});

test('what a sender said before it restarted is told to be missed where it was', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  emit(pump, a, 1, 600_000);
  pump.run(2_000);
  pump.drop = (from, to) => (from === c) !== (to === c);
  emit(pump, a, 2, 600_000);
  pump.run(500);
  const again = restart(pump, a, b);
  pump.drop = () => false;
  pump.run(15_000);
  emit(pump, again, 3);
  pump.run(15_000);
  assert.deepEqual(payloads(b), [1, 2, 3]);
  assert.deepEqual(payloads(c), [1, 3]);
  assert.deepEqual(missed(c), [null], 'of another life nobody knows how many');
});

test('a sender whose boot counter was lost is heard all the same, and nothing twice', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster([{ boot: 7 }, {}]);
  emit(pump, a, 1);
  pump.run(2_000);
  pump.kill(a);
  const again = pump.add({ id: a.id, boot: 1 });
  pump.join(again, b);
  emit(pump, again, 2);
  pump.until(() => again.eventsOf('boot-behind').length > 0, 30_000, 'peers remember more');
  pump.mutate(again, (engine, nowMs) => engine.adoptBoot(nowMs, 8));
  emit(pump, again, 3);
  pump.run(10_000);
  assert.deepEqual(payloads(b), [1, 2, 3]);
  const newcomer = pump.add();
  pump.join(newcomer, b);
  pump.run(10_000);
  assert.deepEqual(payloads(newcomer), [2, 3]);
});

test('nothing is delivered again when a sender takes higher boots', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  for (const payload of [1, 2, 3]) emit(pump, a, payload, 600_000);
  pump.run(2_000);
  for (const boot of [2, 5]) {
    pump.mutate(a, (engine, nowMs) => engine.adoptBoot(nowMs, boot));
    pump.run(5_000);
  }
  emit(pump, a, 4);
  pump.run(5_000);
  assert.deepEqual(payloads(b), [1, 2, 3, 4]);
  assert.deepEqual(missed(b), []);
});

// B-110
test('a sender is refused what is too large, badly named, or too much at once, and keeps its state', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const refused = (code: string, pattern: RegExp, act: () => unknown) =>
    assert.throws(
      act,
      (error) => error instanceof GridvineError && error.code === code && pattern.test(error.message),
    );
  const emitOf = (name: string, payload: unknown, windowMs?: number) => () =>
    pump.mutate(node, (engine, nowMs) =>
      engine.events.emit(nowMs, name, payload as never, windowMs === undefined ? {} : { windowMs }),
    );
  refused('E_EVENT', /letters, digits/, emitOf('no spaces', null));
  refused('E_EVENT', /letters, digits/, emitOf('', null));
  refused('E_EVENT', /window of 100 to 3600000 ms; got 5/, emitOf('a', null, 5));
  refused('E_EVENT', /got 9000000000/, emitOf('a', null, 9e9));
  refused('E_VALUE_TOO_LARGE', /at most 840 bytes .* got 9\d\d.*record/s, emitOf('a', 'x'.repeat(900)));
  refused('E_VALUE_INVALID', /payload\.b: expected a finite number/, emitOf('a', { b: Number.NaN }));
  refused('E_VALUE_INVALID', /around each other/, emitOf('a', [[[[[[[1]]]]]]]));
  for (let i = 0; i < EVENT_SLOTS; i++) emit(pump, node, i, 60_000);
  refused('E_QUOTA', /64 events in their windows.*Wait 60000 ms/s, emitOf('a', null));
  pump.run(61_000);
  emit(pump, node, 99);
  assert.deepEqual(payloads(node).length, EVENT_SLOTS, 'the last one waits for the medium');
  pump.run(10);
  assert.equal(payloads(node).at(-1), 99);
});

test('large events have room by bytes, and get it back when their windows end', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const large = () =>
    pump.mutate(node, (engine, nowMs) =>
      engine.events.emit(nowMs, 'a', 'x'.repeat(800), { windowMs: 1_000 }),
    );
  let sent = 0;
  assert.throws(() => {
    for (; sent < EVENT_SLOTS; sent++) large();
  }, /events of 16384 bytes/);
  assert.ok(sent >= 17, `${sent} events`);
  pump.run(1_100);
  for (let i = 0; i < sent; i++) large();
});

test('a ring that is used for long holds no more than its bytes', () => {
  const pump = new EnginePump({ settings: { bytesPerOwnerMax: 65_000 } });
  const [a, b] = pump.cluster(2);
  for (let i = 0; i < 300; i++) {
    const length = (i * 131) % 800;
    pump.mutate(a, (engine, nowMs) =>
      engine.events.emit(nowMs, 'a', 'x'.repeat(length), { windowMs: 1_000 }),
    );
    pump.run(100);
  }
  pump.run(5_000);
  assert.equal(b.eventsOf('user-event').length, 300);
  assert.ok(a.engine.gauges().recordBytes < 24_000, `${a.engine.gauges().recordBytes} bytes`);
  assert.equal(b.engine.counters.drops.quota, 0);
});

test('a node that writes a thousand records a second loses no event in its window', () => {
  const pump = new EnginePump({ seed: 2 });
  const [a, b, c] = pump.cluster(3);
  let sent = 0;
  for (let ms = 0; ms < 3_000; ms++) {
    pump.mutate(a, (engine, nowMs) => engine.put(nowMs, `k/${ms % 20}`, ms));
    if (ms % 100 === 0) emit(pump, a, sent++);
    pump.run(1);
  }
  pump.run(5_000);
  const expected = Array.from({ length: sent }, (_, i) => i);
  for (const node of [b, c]) {
    assert.deepEqual(payloads(node), expected);
    assert.deepEqual(missed(node), []);
    assert.equal(pump.read(node, a.id, 'k/19')?.value, 2_999);
  }
});

test('where the medium hangs, events wait within bounds, and own ones are refused in the end', () => {
  const pump = new EnginePump();
  const node = pump.add();
  // It never answers.
  node.engine.events.kept = () => undefined;
  const send = () => {
    for (let i = 0; i < EVENT_SLOTS; i++) emit(pump, node, i, 100);
    pump.run(150);
  };
  assert.throws(() => {
    for (let i = 0; i < 100; i++) send();
  }, /1024 events of this node wait until its data directory knows of them/);
  assert.ok(node.engine.gauges().events <= 2 * 1_024 + 1, `${node.engine.gauges().events}`);
});

test('an event is forgotten some time after its window', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 1_000);
  pump.run(2_000);
  const before = b.engine.gauges().records;
  pump.run(EVENT_TRACE_MS + 180_000);
  assert.ok(b.engine.gauges().records < before);
});

test('events never show as records', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1);
  pump.run(1_000);
  assert.deepEqual(b.engine.records(pump.nowMs), []);
  assert.deepEqual(b.engine.records(pump.nowMs, { key: 'sys/' }), []);
  assert.deepEqual(b.eventsOf('record'), []);
});

function even(end: number): number[] {
  return Array.from({ length: end / 2 }, (_, i) => 2 * i);
}

function odd(end: number): number[] {
  return even(end).map((n) => n + 1);
}

test('what comes before whoever acts on it is ready waits for that', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster([{}, { events: { held: true } }]);
  emit(pump, a, 1);
  emit(pump, b, 2);
  pump.run(2_000);
  assert.deepEqual([payloads(b), b.eventWrites], [[], 0]);
  pump.mutate(b, (engine, nowMs) => engine.events.release(nowMs));
  pump.run(100);
  assert.deepEqual(payloads(b).sort(), [1, 2]);
});

test('a node that stops delivers what it took, and leaves the rest to its next life', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 600_000);
  while (b.engine.events.unsettled() === 0) pump.run(1);
  pump.mutate(b, (engine, nowMs) => engine.events.stop(nowMs));
  emit(pump, a, 2, 600_000);
  pump.run(2_000);
  assert.deepEqual([payloads(b), b.engine.events.unsettled()], [[1], 0]);
  const again = restart(pump, b, a);
  pump.run(20_000);
  assert.deepEqual([payloads(again), missed(again)], [[2], []]);
});

test('what an earlier life held of others and did not deliver is delivered', () => {
  const pump = new EnginePump();
  const [a, b] = pump.cluster(2);
  emit(pump, a, 1, 600_000);
  pump.run(1_000);
  b.diskHangs = true;
  emit(pump, a, 2, 600_000);
  pump.run(1_000);
  assert.deepEqual(payloads(b), [1]);
  const { changed } = b.engine.keep.changedSince(0);
  const table = changed.map((kept) => ({ ...kept, entries: [...kept.entries] }));
  const again = restart(pump, b, a, { table });
  pump.run(1_000);
  assert.deepEqual(payloads(again), [2]);
});
