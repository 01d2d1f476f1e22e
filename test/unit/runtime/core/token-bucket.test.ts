import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from '#runtime/core/token-bucket.ts';

test('a bucket gives its burst at once and then its rate', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3 });
  const taken = (nowMs: number) => [1, 2, 3, 4].filter(() => bucket.tryTake(nowMs)).length;
  assert.equal(taken(0), 3);
  assert.equal(taken(50), 0);
  assert.equal(taken(100), 1);
  assert.equal(taken(10_000), 3);
});

test('a clock that stands still or goes back refills nothing', () => {
  const bucket = new TokenBucket({ perSecond: 1_000, burst: 1 });
  assert.ok(bucket.tryTake(500));
  assert.ok(!bucket.tryTake(400));
  assert.ok(!bucket.tryTake(500));
  assert.ok(bucket.tryTake(501));
});

test('more than there is takes nothing', () => {
  const bucket = new TokenBucket({ perSecond: 0, burst: 5 });
  assert.ok(!bucket.tryTake(0, 6));
  assert.ok(bucket.tryTake(0, 5));
});
