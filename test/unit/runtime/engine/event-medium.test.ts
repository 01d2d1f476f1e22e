import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventPace } from '#runtime/engine/event-pace.ts';
import { EnginePump } from '../../../support/engine-pump.ts';
import { emit, missed, payloads, restart } from '../../../support/event-nodes.ts';

test('a sender of too many events delays its own, and wears the medium of nobody out', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  const before = b.eventWrites;
  for (let i = 0; i < 1_500; i++) {
    emit(pump, a, i, 100);
    pump.run(200);
  }
  const writes = b.eventWrites - before;
  assert.ok(writes < 520, `${writes} writes in five minutes`);
  emit(pump, c, -1);
  pump.run(500);
  assert.ok(payloads(b).includes(-1), 'nobody else waits for it');
  pump.run(61_000);
  const gaps = missed(b).reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0);
  assert.equal(payloads(b).filter((payload) => payload !== -1).length + gaps, 1_500);
});

/** Lets events come, each half second one of the senders, and writes as the desk does. @returns the bytes of so many days. */
function wearOf(days: number, scope: 'all' | 'changes', bytes: number): number {
  const pace = new EventPace();
  let spent = 0;
  let writeMs = Number.POSITIVE_INFINITY;
  for (let nowMs = 0; nowMs < days * 86_400_000; nowMs += 500) {
    const { atMs } = pace.take(`sender ${nowMs % 1_000_000}`, nowMs);
    writeMs = Math.min(writeMs, atMs);
    const isDue = atMs <= nowMs || (nowMs >= writeMs && pace.waitMs(nowMs) === 0);
    if (!isDue) continue;
    writeMs = Number.POSITIVE_INFINITY;
    pace.spend({ scope, bytes }, nowMs);
    spent += scope === 'changes' ? 4_096 : bytes;
  }
  return spent;
}

test('what events of many senders cost the medium in a day is bounded, however much is written each time', () => {
  // The first day has besides what was there at the start.
  assert.ok(wearOf(2, 'changes', 2_800) <= 60_000_000);
  // All cursors of the largest table.
  const bytes = wearOf(2, 'all', 155_000);
  assert.ok(bytes <= 60_000_000 && bytes > 20_000_000, `${bytes}`);
});

test('two senders of an event a minute each are never slowed down', () => {
  const pace = new EventPace();
  for (let nowMs = 0; nowMs < 10 * 86_400_000; nowMs += 60_000)
    for (const sender of ['a', 'b']) {
      assert.deepEqual(pace.take(sender, nowMs), { atMs: nowMs, isOverShare: false }, `${nowMs}`);
      pace.spend({ scope: 'changes', bytes: 2_800 }, nowMs);
    }
});

test('where all together send too much, who seldom does is delivered at once, and the others soon', () => {
  const pace = new EventPace();
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 500)
    if (pace.take(`often ${nowMs % 10_000}`, nowMs).atMs <= nowMs)
      pace.spend({ scope: 'changes', bytes: 100 }, nowMs);
  const nowMs = 3_600_000;
  const often = pace.take('often 0', nowMs);
  assert.ok(often.atMs > nowMs && often.atMs <= nowMs + 60_000, `${often.atMs - nowMs}`);
  assert.equal(pace.take('smoke', nowMs).atMs, nowMs);
});

test('what changed since costs little, and with all that was kept before it is the whole', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  const sizes: number[] = [];
  for (let i = 0; i < 3; i++)
    for (const node of [a, c]) {
      emit(pump, node, i, 600_000);
      pump.run(1_000);
      sizes.push(b.keptEvents?.length ?? 0);
    }
  const again = restart(pump, b, a);
  pump.run(20_000);
  assert.deepEqual([payloads(again), missed(again)], [[], []]);
  assert.equal(new Set(sizes).size, 2, 'one sender, then two');
});

test('one that never rests holds up neither what others send nor what a node sends itself', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  let refused = 0;
  const flood = (forMs: number) => {
    for (let ms = 0; ms < forMs; ms += 25) {
      try {
        emit(pump, a, ms, 100, 'flood');
        emit(pump, a, ms, 100, 'flood');
      } catch {
        refused++;
      }
      pump.run(25);
    }
  };
  flood(100_000);
  assert.ok(b.engine.events.unsettled() <= 512, `${b.engine.events.unsettled()}`);
  for (const [node, payload] of [
    [c, -1],
    [b, -2],
  ] as const) {
    emit(pump, node, payload);
    flood(300);
    assert.ok(payloads(b).includes(payload), `${payload}`);
  }
  assert.ok(refused > 0, 'it is told that it sends too much');
});

test('a sender that took a higher boot and starts again is told of by no gap', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  for (const payload of [1, 2, 3]) emit(pump, a, payload, 600_000);
  pump.run(2_000);
  pump.mutate(a, (engine, nowMs) => engine.adoptBoot(nowMs, 4));
  emit(pump, c, -1);
  pump.run(90_000);
  const again = restart(pump, a, b, { boot: 5 });
  pump.run(5_000);
  emit(pump, again, 4);
  pump.run(5_000);
  for (const node of [b, c]) {
    assert.deepEqual(
      payloads(node).filter((payload) => payload !== -1),
      [1, 2, 3, 4],
    );
    assert.deepEqual(missed(node), []);
  }
});

test('who missed the last event before a higher boot and a restart in order is told so', () => {
  const pump = new EnginePump();
  const [a, b, c] = pump.cluster(3);
  emit(pump, a, 1, 600_000);
  pump.run(2_000);
  pump.mutate(a, (engine, nowMs) => engine.adoptBoot(nowMs, 4));
  pump.run(5_000);
  const late = pump.add();
  pump.join(late, b);
  pump.run(5_000);
  assert.deepEqual(payloads(late), [1]);
  pump.drop = (from, to) => (from === late) !== (to === late);
  emit(pump, a, 2, 600_000);
  pump.run(1_000);
  pump.mutate(a, (engine, nowMs) => engine.events.stop(nowMs));
  pump.run(100);
  const again = restart(pump, a, b, { boot: 5 });
  pump.drop = () => false;
  pump.run(15_000);
  emit(pump, again, 3);
  pump.run(15_000);
  assert.deepEqual([payloads(late), missed(late)], [[1, 3], [null]]);
  assert.deepEqual([payloads(c), missed(c)], [[1, 2, 3], []]);
});

test('a higher boot is on the medium within minutes, and at an orderly stop', () => {
  for (const isStopped of [true, false]) {
    const pump = new EnginePump();
    const [a] = pump.cluster(2);
    emit(pump, a, 1, 600_000);
    pump.run(2_000);
    const before = a.eventWrites;
    pump.mutate(a, (engine, nowMs) => engine.adoptBoot(nowMs, 4));
    if (isStopped) pump.mutate(a, (engine, nowMs) => engine.events.stop(nowMs));
    pump.run(isStopped ? 100 : 61_000);
    assert.equal(a.eventWrites, before + 1);
  }
});

test('what the medium refused is written when it has room again, and at an orderly stop', () => {
  for (const isStopped of [true, false]) {
    const pump = new EnginePump();
    const [a, b] = pump.cluster(2);
    b.diskWorks = false;
    emit(pump, a, 1, 3_600_000);
    pump.run(1_000);
    assert.deepEqual(payloads(b), [1]);
    b.diskWorks = true;
    if (isStopped) pump.mutate(b, (engine, nowMs) => engine.events.stop(nowMs));
    pump.run(isStopped ? 1_000 : 130_000);
    const again = restart(pump, b, a);
    pump.run(20_000);
    assert.deepEqual(payloads(again), []);
  }
});
