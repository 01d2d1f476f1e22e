import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEWS_CLASSES, type News, PushQueue } from '#runtime/data/push-queue.ts';
import { ANN, BEN } from '../../../support/wire.ts';

function inOrder(queue: PushQueue): News[] {
  return NEWS_CLASSES.flatMap((newsClass) => [...queue.inOrder(newsClass)]);
}

function keys(queue: PushQueue): string[] {
  return inOrder(queue).map((news) => news.key);
}

/** Sends the first `count` pieces of news once. */
function send(queue: PushQueue, count: number, limit = 100): string[] {
  const sent = inOrder(queue).slice(0, count);
  for (const news of sent) queue.noteSent(news, 1, limit);
  return sent.map((news) => news.key);
}

test('each class of news is counted and listed by itself, and a record can change its class', () => {
  const queue = new PushQueue();
  queue.add(ANN, 'soc', { version: 1, newsClass: 'data' });
  queue.add(ANN, 'node', { version: 2, newsClass: 'membership' });
  queue.add(ANN, 'node', { version: 3, newsClass: 'verdict' });
  assert.deepEqual(
    NEWS_CLASSES.map((newsClass) => queue.sizeOf(newsClass)),
    [1, 0, 0, 1],
  );
  assert.deepEqual(keys(queue), ['node', 'soc']);
  assert.equal(queue.find(ANN, 2), undefined);
});

test('what is noted of news that was replaced or removed changes nothing', () => {
  const queue = new PushQueue();
  queue.add(ANN, 'node', { version: 1, newsClass: 'membership' });
  const [old] = inOrder(queue);
  queue.add(ANN, 'node', { version: 2, newsClass: 'membership' });
  queue.noteSent(old, 100, 1);
  queue.remove(old);
  assert.equal(queue.size, 1);
  queue.clear();
  const [left] = inOrder(queue);
  assert.equal(left, undefined);
  queue.noteSent(old, 1, 9);
  assert.equal(queue.size, 0);
});

test('newer news of the same record takes the place of the older, with a fresh count', () => {
  // B-50, B-56
  const queue = new PushQueue();
  queue.add(ANN, 'soc', { version: 1, newsClass: 'data' });
  send(queue, 1, 3);
  send(queue, 1, 3);
  queue.add(ANN, 'soc', { version: 1, newsClass: 'data' });
  assert.equal(queue.size, 1);
  send(queue, 1, 3);
  send(queue, 1, 3);
  assert.equal(queue.size, 1);
  send(queue, 1, 3);
  assert.equal(queue.size, 0);
});

test('membership news that was sent least goes first', () => {
  // B-51
  const queue = new PushQueue();
  for (const key of ['a', 'b', 'c']) queue.add(ANN, key, { version: 1, newsClass: 'membership' });
  const first = send(queue, 2);
  assert.ok(!first.includes(keys(queue)[0]));
});

test('data that was sent longest ago goes first, so that all of it is sent in turn', () => {
  // B-51
  const queue = new PushQueue();
  for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(ANN, key, { version: 1, newsClass: 'data' });
  const counts = new Map<string, number>();
  for (let round = 0; round < 10; round++)
    for (const key of send(queue, 2)) counts.set(key, (counts.get(key) ?? 0) + 1);
  assert.deepEqual([...counts.values()], [4, 4, 4, 4, 4]);
});

test('news leaves the queue at the limit of its copies', () => {
  // B-51, B-53
  const queue = new PushQueue();
  queue.add(ANN, 'soc', { version: 1, newsClass: 'data' });
  const [news] = inOrder(queue);
  queue.noteSent(news, 4, 9);
  queue.noteSent(news, 4, 9);
  assert.equal(queue.size, 1);
  queue.noteSent(news, 4, 9);
  assert.equal(queue.size, 0);
});

test('equal keys of two owners are two pieces of news', () => {
  const queue = new PushQueue();
  queue.add(ANN, 'soc', { version: 1, newsClass: 'data' });
  queue.add(BEN, 'soc', { version: 1, newsClass: 'data' });
  assert.equal(queue.size, 2);
  const [news] = inOrder(queue);
  queue.remove(news);
  assert.equal(queue.size, 1);
});
