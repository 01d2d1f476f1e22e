import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calibrate, roundTo } from '#bridge/pipeline/calibrate.ts';
import { keyMatches } from '#bridge/pipeline/key-glob.ts';
import type { MetricOptions } from '#bridge/pipeline/metric-options.ts';
import { MetricPipeline } from '#bridge/pipeline/metric-pipeline.ts';
import { RateBucket } from '#bridge/pipeline/rate-bucket.ts';
import { SourcePipeline } from '#bridge/pipeline/source-pipeline.ts';
import type { Reading } from '#bridge/reading.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const options: fc.Arbitrary<MetricOptions> = fc.record(
  {
    deadband: fc.integer({ min: 0, max: 20 }),
    minIntervalMs: fc.integer({ min: 0, max: 500 }),
    maxIntervalMs: fc.integer({ min: 0, max: 2000 }),
    min: fc.constantFrom(-50, 0),
    max: fc.constantFrom(50, 80),
    staleAfterMs: fc.integer({ min: 1, max: 1000 }),
  },
  { requiredKeys: [] },
);
const samples = fc.array(
  fc.record({
    pauseMs: fc.integer({ min: 0, max: 400 }),
    value: fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constant(Number.NaN)),
  }),
  { minLength: 1, maxLength: 60 },
);

interface Published {
  readonly atMs: number;
  readonly reading: Reading;
}

/** Plays samples into a pipeline, serving each deadline at its time, and goes on until nothing is due any more. */
function play(metricOptions: MetricOptions, plan: readonly { pauseMs: number; value: number }[]) {
  const pipeline = new MetricPipeline(metricOptions);
  const published: Published[] = [];
  const take = (atMs: number) => {
    pipeline.handleTimeout(atMs);
    const reading = pipeline.take(atMs);
    if (reading !== undefined) published.push({ atMs, reading });
  };
  const serveUntil = (endMs: number) => {
    for (let steps = 0; ; steps++) {
      assert.ok(steps < 1000, 'deadlines must not come for ever');
      const deadlineMs = pipeline.nextDeadlineMs();
      if (deadlineMs === undefined || deadlineMs > endMs) return;
      take(deadlineMs);
    }
  };
  let nowMs = 0;
  for (const { pauseMs, value } of plan) {
    serveUntil(nowMs + pauseMs);
    nowMs += pauseMs;
    pipeline.handleReading(nowMs, { key: 'k', value, quality: 'good', takenAtMs: nowMs });
    take(nowMs);
  }
  return { published, lastSampleAtMs: nowMs, settle: () => serveUntil(nowMs + 10_000) };
}

test('publications keep their minimum distance and are never about the future', () => {
  fc.assert(
    fc.property(options, samples, (metricOptions, plan) => {
      const { published, settle } = play(metricOptions, plan);
      settle();
      published.forEach(({ atMs, reading }, index) => {
        assert.ok(reading.takenAtMs <= atMs);
        const before = published[index - 1];
        if (before !== undefined) assert.ok(atMs - before.atMs >= (metricOptions.minIntervalMs ?? 0));
      });
    }),
  );
});

test('no implausible value is ever published, and bad is what follows it', () => {
  fc.assert(
    fc.property(options, samples, (metricOptions, plan) => {
      const { published, settle } = play(metricOptions, plan);
      settle();
      for (const { reading } of published) {
        if (reading.value === null) assert.equal(reading.quality, 'bad');
        else assert.ok(calibrate(reading.value, metricOptions) !== undefined);
      }
    }),
  );
});

test('once the samples stop, what was published last is within the deadband of the last sample', () => {
  fc.assert(
    fc.property(options, samples, (metricOptions, plan) => {
      const { published, settle } = play(metricOptions, plan);
      settle();
      const last = published.at(-1)?.reading;
      const sample = plan.at(-1);
      assert.ok(last !== undefined && sample !== undefined);
      if (calibrate(sample.value, metricOptions) === undefined) {
        assert.equal(last.quality, 'bad');
        return;
      }
      assert.equal(last.quality, metricOptions.staleAfterMs === undefined ? 'good' : 'stale');
      const distance = Math.abs(Number(last.value) - sample.value);
      assert.ok(
        distance === 0 || distance < (metricOptions.deadband ?? 0),
        `${distance} from the last sample`,
      );
    }),
  );
});

test('with a maximum interval and steady samples no gap is longer than it by more than one pause', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), samples, (maxIntervalMs, plan) => {
      const steady = plan.map(({ pauseMs }) => ({ pauseMs, value: 7 }));
      const { published, lastSampleAtMs } = play({ maxIntervalMs }, steady);
      const times = [...published.map(({ atMs }) => atMs), lastSampleAtMs];
      const longestPauseMs = Math.max(...plan.map(({ pauseMs }) => pauseMs));
      times.forEach((atMs, index) => {
        assert.ok(atMs - (times[index - 1] ?? atMs) <= maxIntervalMs + longestPauseMs);
      });
    }),
  );
});

test('a rate bucket never gives more than the burst plus its rate, in any window, and is ready when it says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 200 }),
      (perSecond, burst, pauses) => {
        const bucket = new RateBucket({ perSecond, burst });
        const takenAtMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const ready = bucket.readyAtMs() <= nowMs;
          assert.equal(bucket.take(nowMs), ready);
          if (ready) takenAtMs.push(nowMs);
        }
        takenAtMs.forEach((fromMs, from) => {
          takenAtMs.slice(from).forEach((toMs, count) => {
            assert.ok(count + 1 <= burst + ((toMs - fromMs) * perSecond) / 1000 + 1e-6);
          });
        });
      },
    ),
  );
});

test('behind the rate limit the newest value of every key arrives in the end', () => {
  const feed = fc.array(
    fc.record({
      pauseMs: fc.integer({ min: 0, max: 50 }),
      key: fc.constantFrom('a', 'b/c', 'd'),
      value: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(feed, fc.integer({ min: 1, max: 10 }), (plan, readingsPerSecondMax) => {
      const pipeline = new SourcePipeline({ rules: [], readingsPerSecondMax });
      const wanted = new Map<string, number>();
      const arrived = new Map<string, unknown>();
      const drain = (atMs: number) => {
        for (const { key, value } of pipeline.drain(atMs)) arrived.set(key, value);
      };
      let nowMs = 0;
      for (const { pauseMs, key, value } of plan) {
        nowMs += pauseMs;
        pipeline.handleReading(nowMs, { key, value, quality: 'good', takenAtMs: nowMs });
        wanted.set(key, value);
        drain(nowMs);
      }
      for (let steps = 0; ; steps++) {
        assert.ok(steps < 100, 'the deadline must move on');
        const deadlineMs = pipeline.nextDeadlineMs(nowMs);
        if (deadlineMs === undefined) break;
        nowMs = Math.max(nowMs, deadlineMs);
        drain(nowMs);
      }
      assert.deepEqual(arrived, wanted);
    }),
  );
});

test('rounding moves a value by at most half a unit of the last digit, and is idempotent', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.integer({ min: 0, max: 5 }),
      (value, decimals) => {
        const rounded = roundTo(value, decimals);
        assert.ok(Math.abs(rounded - value) <= 0.5 * 10 ** -decimals + Math.abs(value) * 1e-15);
        assert.equal(roundTo(rounded, decimals), rounded);
      },
    ),
  );
});

test('calibration never gives a number that is not finite or out of range', () => {
  fc.assert(
    fc.property(
      fc.double(),
      finite,
      finite,
      fc.integer({ min: 0, max: 9 }),
      (value, scale, offset, decimals) => {
        const result = calibrate(value, { scale, offset, decimals, min: -1e6, max: 1e6 });
        if (result === undefined) return;
        assert.ok(Number.isFinite(result.value) && Math.abs(Number(result.value)) <= 1e6);
      },
    ),
  );
});

test('globs match what the same regular expression matches', () => {
  const segment = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
  const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
  const key = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((segments) => segments.join('/'));
  fc.assert(
    fc.property(glob, key, (pattern, text) => {
      // Each segment matches with its slash in front, so that `**` can stand for none.
      const parts = pattern
        .split('/')
        .map((part) => (part === '**' ? '(/[^/]+)*' : `/${part.replaceAll('*', '[^/]*')}`));
      assert.equal(
        keyMatches(pattern, text),
        new RegExp(`^${parts.join('')}$`).test(`/${text}`),
        `${pattern} ${text}`,
      );
    }),
    { numRuns: 2000 },
  );
});
