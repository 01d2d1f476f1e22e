import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficClass } from '#runtime/core/outputs.ts';
import { decodeFrames } from '#runtime/transport/http/frames.ts';
import { FILL_BYTES, QUEUE_BYTES_MAX, QUEUES_BYTES_MAX } from '#runtime/transport/http/limits.ts';
import { DatagramQueue, QueuePool } from '#runtime/transport/http/queue.ts';

const FULL = Math.floor(QUEUE_BYTES_MAX / 1_202);
const queueOf = (pool = new QueuePool(QUEUES_BYTES_MAX)) => new DatagramQueue(pool);
const datagram = (mark: number, length = 1_200) => new Uint8Array(length).fill(mark);
const marks = (body: Uint8Array) => decodeFrames(body)?.map(([first]) => first);

function takeAll(queue: DatagramQueue): number[] {
  const all: number[] = [];
  while (!queue.isEmpty) all.push(...(marks(queue.takeBody()) as number[]));
  return all;
}

test('[P-19.7] a queue is bounded, and all queues together are', () => {
  const pool = new QueuePool(QUEUES_BYTES_MAX);
  const queue = queueOf(pool);
  for (let i = 0; i < FULL; i++) assert.equal(queue.push(datagram(i), 'data'), 0);
  assert.equal(queue.push(datagram(99), 'data'), 1);
  assert.equal(takeAll(queue).length, FULL);
  assert.equal(pool.bytes, 0);

  const queues = Array.from({ length: 100 }, () => queueOf(pool));
  for (const one of queues) for (let i = 0; i < FULL; i++) one.push(datagram(i), 'data');
  assert.ok(pool.bytes <= QUEUES_BYTES_MAX);
  assert.equal(queues.at(-1)?.isEmpty, true, 'the last ones find no room');
  for (const one of queues) one.clear();
  assert.equal(pool.bytes, 0);
});

test('what fits one body leaves in the order in which it came, whatever it is', () => {
  const queue = queueOf();
  const classes: TrafficClass[] = ['data', 'liveness', 'membership', 'liveness'];
  for (const [i, trafficClass] of classes.entries()) queue.push(datagram(i), trafficClass);
  assert.deepEqual(takeAll(queue), [0, 1, 2, 3]);
});

test('a probe waits for no more than one body, however much data waits before it', () => {
  const queue = queueOf();
  for (let i = 0; i < 40; i++) queue.push(datagram(i), 'data');
  queue.push(datagram(100, 64), 'membership');
  queue.push(datagram(101, 64), 'liveness');
  const body = queue.takeBody();
  assert.ok(body.length <= FILL_BYTES);
  const first = marks(body);
  assert.deepEqual(first?.slice(-2), [100, 101]);
  assert.deepEqual(first?.slice(0, -2), [0, 1, 2, 3, 4, 5], 'what room is left is the oldest data’s');
  assert.deepEqual(
    takeAll(queue),
    Array.from({ length: 34 }, (_, i) => i + 6),
  );
});

test('where there is no room the oldest of what matters least makes some', () => {
  const queue = queueOf();
  for (let i = 0; i < FULL; i++) queue.push(datagram(i), i % 2 === 0 ? 'data' : 'liveness');
  assert.equal(queue.push(datagram(100), 'data'), 1, 'fresh data for old');
  assert.equal(queue.push(datagram(101), 'membership'), 1);
  const left = takeAll(queue);
  assert.ok(!left.includes(0) && !left.includes(2) && left.includes(4));
  assert.ok(left.includes(100) && left.includes(101) && left.includes(1));
});

test('data makes no room for itself among what matters more', () => {
  const queue = queueOf();
  for (let i = 0; i < FULL; i++) queue.push(datagram(i), 'liveness');
  assert.equal(queue.push(datagram(100), 'data'), 1);
  assert.equal(queue.push(datagram(101), 'liveness'), 1, 'a fresh probe for an old one');
  const left = takeAll(queue);
  assert.ok(!left.includes(100) && !left.includes(0) && left.includes(101));
});

test('[P-19.3] a queue of many short datagrams gives bodies that the other end takes', () => {
  const queue = queueOf();
  for (let i = 0; i < 1_000; i++) queue.push(datagram(i, 32), 'liveness');
  assert.equal(takeAll(queue).length, 1_000);
});
