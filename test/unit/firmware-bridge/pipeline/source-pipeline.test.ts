import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourcePipeline } from '#bridge/pipeline/source-pipeline.ts';

function reading(key: string, value: number, takenAtMs = 0) {
  return { key, value, quality: 'good' as const, takenAtMs };
}

test('over the rate limit each key keeps its newest value and the longest waiting goes first', () => {
  const pipeline = new SourcePipeline({ rules: [], readingsPerSecondMax: 1 });
  for (const key of ['a', 'b', 'c']) pipeline.handleReading(0, reading(key, 1));
  assert.deepEqual(
    pipeline.drain(0).map(({ key }) => key),
    ['a'],
  );
  pipeline.handleReading(10, reading('c', 2, 10));
  pipeline.handleReading(20, reading('a', 2, 20));
  assert.equal(pipeline.nextDeadlineMs(20), 1000);
  assert.deepEqual(pipeline.drain(999), []);
  const later = [1000, 2000, 3000].flatMap((nowMs) => pipeline.drain(nowMs));
  assert.deepEqual(
    later.map(({ key, value }) => [key, value]),
    [
      ['b', 1],
      ['c', 2],
      ['a', 2],
    ],
  );
  assert.equal(pipeline.nextDeadlineMs(3000), undefined);
});

test('one key too many is refused and counted', () => {
  const pipeline = new SourcePipeline({ rules: [], keysMax: 2 });
  assert.equal(pipeline.handleReading(0, reading('a', 1)), 'accepted');
  assert.equal(pipeline.handleReading(0, reading('b', 1)), 'accepted');
  assert.equal(pipeline.handleReading(0, reading('c', 1)), 'refused');
  assert.equal(pipeline.handleReading(0, reading('a', 2)), 'accepted');
  assert.deepEqual(pipeline.counters(), {
    samples: 4,
    published: 0,
    implausible: 0,
    late: 0,
    stuck: 0,
    keysRefused: 1,
  });
});

test('a key that goes stale is published at its time', () => {
  const pipeline = new SourcePipeline({ rules: [{ key: 'a', staleAfterMs: 500 }] });
  pipeline.handleReading(0, reading('a', 1));
  pipeline.drain(0);
  assert.equal(pipeline.nextDeadlineMs(0), 500);
  assert.equal(pipeline.drain(500)[0]?.quality, 'stale');
});
