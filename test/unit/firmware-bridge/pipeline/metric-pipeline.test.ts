import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricOptions } from '#bridge/pipeline/metric-options.ts';
import { MetricPipeline } from '#bridge/pipeline/metric-pipeline.ts';
import type { AppValue, Quality } from '#runtime/core/value.ts';

/** Feeds samples and gives what is published at once. */
function bench(options: MetricOptions) {
  const pipeline = new MetricPipeline(options);
  return {
    pipeline,
    sample(nowMs: number, value: AppValue, quality: Quality = 'good') {
      const verdict = pipeline.handleReading(nowMs, { key: 'k', value, quality, takenAtMs: nowMs });
      return { verdict, published: pipeline.take(nowMs) };
    },
  };
}

test('the first sample is published at once', () => {
  const { sample } = bench({ deadband: 5, minIntervalMs: 1000 });
  assert.deepEqual(sample(0, 42).published, { key: 'k', value: 42, quality: 'good', takenAtMs: 0 });
});

test('changes within the deadband are not published, and do not add up unseen', () => {
  const { sample } = bench({ deadband: 5 });
  sample(0, 10);
  assert.equal(sample(1, 14).published, undefined);
  assert.equal(sample(2, 6).published, undefined);
  assert.equal(sample(3, 15).published?.value, 15);
});

test('without a deadband every change of a number, text or structure is published, and repetition is not', () => {
  const { sample } = bench({});
  for (const [value, expected] of [
    [1, true],
    [1, false],
    ['a', true],
    ['a', false],
    [{ a: [1] }, true],
    [{ a: [1] }, false],
    [{ a: [2] }, true],
  ] as const) {
    assert.equal(sample(1, value).published !== undefined, expected, JSON.stringify(value));
  }
});

test('a change that comes too early waits for the minimum interval, and the newest value wins', () => {
  const { sample, pipeline } = bench({ minIntervalMs: 100 });
  sample(0, 1);
  assert.equal(sample(10, 2).published, undefined);
  assert.equal(sample(20, 3).published, undefined);
  assert.equal(pipeline.nextDeadlineMs(), 100);
  assert.equal(pipeline.take(99), undefined);
  assert.equal(pipeline.take(100)?.value, 3);
  assert.equal(pipeline.nextDeadlineMs(), undefined);
});

test('a waiting change is withdrawn when the value comes back', () => {
  const { sample, pipeline } = bench({ minIntervalMs: 100 });
  sample(0, 1);
  sample(10, 2);
  sample(20, 1);
  assert.equal(pipeline.nextDeadlineMs(), undefined);
  assert.equal(pipeline.take(200), undefined);
});

test('an unchanged value is published again with the first sample after the maximum interval', () => {
  const { sample } = bench({ maxIntervalMs: 1000 });
  sample(0, 1);
  assert.equal(sample(999, 1).published, undefined);
  assert.deepEqual(sample(1000, 1).published, { key: 'k', value: 1, quality: 'good', takenAtMs: 1000 });
});

test('an implausible sample publishes the last good value as bad, with the time of that measurement', () => {
  const { sample } = bench({ min: 0, max: 100, maxIntervalMs: 10_000 });
  sample(5, 50);
  const spike = sample(7, 1e6);
  assert.equal(spike.verdict, 'implausible');
  assert.deepEqual(spike.published, { key: 'k', value: 50, quality: 'bad', takenAtMs: 5 });
  assert.equal(sample(8, 1e6).published, undefined);
  assert.deepEqual(sample(9, 50).published, { key: 'k', value: 50, quality: 'good', takenAtMs: 9 });
});

test('an implausible first sample publishes null as bad', () => {
  const { sample } = bench({ max: 100 });
  assert.deepEqual(sample(3, 101).published, { key: 'k', value: null, quality: 'bad', takenAtMs: 3 });
});

test('a value that its source calls bad is treated like an implausible one', () => {
  const { sample } = bench({});
  sample(0, 1);
  assert.deepEqual(sample(1, 999, 'bad').published, { key: 'k', value: 1, quality: 'bad', takenAtMs: 0 });
});

test('a substituted value keeps its quality', () => {
  assert.equal(bench({}).sample(0, 1, 'sub').published?.quality, 'sub');
});

test('a silent metric goes stale once, and is good again with the next sample', () => {
  const { sample, pipeline } = bench({ staleAfterMs: 1000 });
  sample(0, 1);
  assert.equal(pipeline.nextDeadlineMs(), 1000);
  pipeline.handleTimeout(999);
  assert.equal(pipeline.take(999), undefined);
  pipeline.handleTimeout(1000);
  assert.deepEqual(pipeline.take(1000), { key: 'k', value: 1, quality: 'stale', takenAtMs: 0 });
  pipeline.handleTimeout(5000);
  assert.equal(pipeline.take(5000), undefined);
  assert.equal(pipeline.nextDeadlineMs(), undefined);
  assert.equal(sample(6000, 1).published?.quality, 'good');
});

test('a value that was already old when it came is stale at once', () => {
  const { pipeline } = bench({ staleAfterMs: 1000 });
  pipeline.handleReading(5000, { key: 'k', value: 1, quality: 'good', takenAtMs: 3000 });
  assert.deepEqual(pipeline.take(5000), { key: 'k', value: 1, quality: 'stale', takenAtMs: 3000 });
});

test('a sample older than one already seen is dropped, one from the future counts as now', () => {
  const { pipeline } = bench({});
  pipeline.handleReading(100, { key: 'k', value: 1, quality: 'good', takenAtMs: 900 });
  assert.equal(pipeline.take(100)?.takenAtMs, 100);
  assert.equal(pipeline.handleReading(200, { key: 'k', value: 2, quality: 'good', takenAtMs: 50 }), 'late');
  assert.equal(pipeline.take(200), undefined);
});

test('the unit of the options replaces that of the source', () => {
  const { pipeline } = bench({ unit: 'V', scale: 0.001 });
  pipeline.handleReading(0, { key: 'k', value: 12_800, unit: 'mV', quality: 'good', takenAtMs: 0 });
  assert.deepEqual(pipeline.take(0), { key: 'k', value: 12.8, unit: 'V', quality: 'good', takenAtMs: 0 });
});

test('a number that should move and does not is stale since its last change, until it moves', () => {
  const metric = new MetricPipeline({ stuckAfterMs: 10_000 });
  const verdicts: string[] = [];
  const published: unknown[] = [];
  for (const [atMs, value] of [
    [0, 5],
    [5000, 5],
    [10_000, 5],
    [15_000, 5],
    [20_000, 6],
  ] as const) {
    verdicts.push(metric.handleReading(atMs, { key: 'a', value, quality: 'good', takenAtMs: atMs }));
    const reading = metric.take(atMs);
    if (reading !== undefined) published.push([reading.value, reading.quality, reading.takenAtMs]);
  }
  assert.deepEqual(verdicts, ['accepted', 'accepted', 'stuck', 'stuck', 'accepted']);
  assert.deepEqual(published, [
    [5, 'good', 0],
    [5, 'stale', 0],
    [6, 'good', 20_000],
  ]);
});
