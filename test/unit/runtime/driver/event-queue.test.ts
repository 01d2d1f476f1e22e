import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import { EventQueue } from '#runtime/driver/event-queue.ts';
import { ManualTime } from '../../../support/manual-time.ts';

const event = (seenBoot: number): EngineEvent => ({ type: 'boot-behind', seenBoot });
const bootOf = (seen: EngineEvent) => (seen.type === 'boot-behind' ? seen.seenBoot : -1);

function bench(capacity?: number) {
  const time = new ManualTime();
  const errors: unknown[] = [];
  const queue = new EventQueue({
    soon: time.soon,
    onListenerError: (error) => errors.push(error),
    ...(capacity === undefined ? {} : { capacity }),
  });
  return { time, errors, queue };
}

test('events reach every listener once and in order', () => {
  const { time, queue } = bench();
  const seen: string[] = [];
  queue.subscribe((e) => seen.push(`a${bootOf(e)}`));
  queue.subscribe((e) => seen.push(`b${bootOf(e)}`));
  for (const n of [1, 2]) queue.push(event(n));
  assert.deepEqual(seen, []);
  time.settle();
  assert.deepEqual(seen, ['a1', 'b1', 'a2', 'b2']);
});

test('a listener that throws is reported, and the others are called all the same', () => {
  const { time, queue, errors } = bench();
  const seen: number[] = [];
  queue.subscribe(() => {
    throw new Error('listener');
  });
  queue.subscribe((e) => seen.push(bootOf(e)));
  for (const n of [1, 2]) queue.push(event(n));
  time.settle();
  assert.deepEqual(seen, [1, 2]);
  assert.equal(errors.length, 2);
});

test('at the cap the oldest events are lost and counted', () => {
  const { time, queue } = bench(3);
  const seen: number[] = [];
  queue.subscribe((e) => seen.push(bootOf(e)));
  for (const n of [1, 2, 3, 4, 5]) queue.push(event(n));
  time.settle();
  assert.deepEqual(seen, [3, 4, 5]);
  assert.equal(queue.lost, 2);
});

test('without listeners nothing is kept', () => {
  const { time, queue } = bench(2);
  for (const n of [1, 2, 3, 4, 5]) queue.push(event(n));
  assert.equal(queue.lost, 0);
  const seen: number[] = [];
  queue.subscribe((e) => seen.push(bootOf(e)));
  time.settle();
  assert.deepEqual(seen, []);
});

test('a listener that unsubscribes, itself or another, is not called again', () => {
  // B-74
  const { time, queue } = bench();
  const seen: string[] = [];
  const off = queue.subscribe(() => {
    seen.push('a');
    off();
    offOther();
  });
  const offOther = queue.subscribe(() => seen.push('b'));
  for (const n of [1, 2]) queue.push(event(n));
  time.settle();
  assert.deepEqual(seen, ['a']);
});

test('a listener that causes events leaves the loop its turns', () => {
  const { time, queue } = bench();
  let seen = 0;
  queue.subscribe((e) => {
    seen++;
    queue.push(event(bootOf(e) + 1));
  });
  queue.push(event(1));
  for (let turn = 1; turn <= 5; turn++) {
    time.turn();
    assert.equal(seen, turn);
  }
});

test('a long backlog is delivered over several turns', () => {
  const { time, queue } = bench();
  let seen = 0;
  queue.subscribe(() => seen++);
  for (let n = 0; n < 1_000; n++) queue.push(event(n));
  time.turn();
  assert.ok(seen > 0 && seen < 1_000);
  time.settle();
  assert.equal(seen, 1_000);
});

test('a flush delivers what waits', () => {
  const { queue } = bench();
  const seen: number[] = [];
  queue.subscribe((e) => seen.push(bootOf(e)));
  queue.push(event(1));
  queue.flush();
  assert.deepEqual(seen, [1]);
});
