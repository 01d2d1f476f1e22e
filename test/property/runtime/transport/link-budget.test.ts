import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrafficClass } from '#runtime/core/outputs.ts';
import { LinkBudget, TRAFFIC_CLASSES } from '#runtime/transport/link-budget.ts';

/** What each class has for itself whatever the others send, as parts of the rate and of the burst. */
const GUARANTEED: readonly (readonly [TrafficClass, { readonly rate: number; readonly burst: number }])[] = [
  ['liveness', { rate: 0.75, burst: 0.375 }],
  ['membership', { rate: 0.15, burst: 0.15 }],
  ['data', { rate: 0.1, burst: 0.1 }],
];

/** Of links so slow that the offers below overload them. */
const bytesPerSecond = fc.integer({ min: 100, max: 40_000 });
const datagramBytes = fc.integer({ min: 29, max: 1_248 });
const gapMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }));
const offer = fc.record({
  gapMs,
  bytes: datagramBytes,
  trafficClass: fc.constantFrom(...TRAFFIC_CLASSES),
  times: fc.integer({ min: 1, max: 40 }),
});
const offers = fc.array(offer, { maxLength: 120 });

/** A sender that keeps to a part of a link's rate and burst. */
class Sender {
  readonly #rate: number;
  readonly #burst: number;
  #left: number;
  #atMs = 0;

  constructor(parts: { readonly rate: number; readonly burst: number }) {
    this.#rate = parts.rate;
    this.#burst = parts.burst;
    this.#left = parts.burst;
  }

  /** Whether it is still within its part when it sends this now. */
  wants(bytes: number, nowMs: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((nowMs - this.#atMs) * this.#rate) / 1_000);
    this.#atMs = nowMs;
    // Rounding errors must not decide.
    if (bytes > this.#left - 0.001) return false;
    this.#left -= bytes;
    return true;
  }
}

for (const [trafficClass, part] of GUARANTEED)
  test(`${trafficClass} within its share is never refused, whatever the others send`, () => {
    fc.assert(
      fc.property(bytesPerSecond, offers, (rate, script) => {
        const budget = new LinkBudget({ bytesPerSecond: rate });
        const sender = new Sender({ rate: part.rate * rate, burst: part.burst * budget.burst });
        let nowMs = 0;
        for (const each of script) {
          nowMs += each.gapMs;
          for (let i = 0; i < each.times; i++) {
            if (each.trafficClass !== trafficClass) budget.take(each.bytes, each.trafficClass, nowMs);
            else if (sender.wants(each.bytes, nowMs))
              assert.ok(budget.take(each.bytes, trafficClass, nowMs), `${each.bytes} bytes at ${nowMs} ms`);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

test('between any two moments no more leaves than the rate and one burst', () => {
  fc.assert(
    fc.property(bytesPerSecond, offers, (rate, script) => {
      const budget = new LinkBudget({ bytesPerSecond: rate });
      const left: { atMs: number; bytes: number }[] = [];
      let nowMs = 0;
      for (const each of script) {
        nowMs += each.gapMs;
        let bytes = 0;
        for (let i = 0; i < each.times; i++)
          if (budget.take(each.bytes, each.trafficClass, nowMs)) bytes += each.bytes;
        left.push({ atMs: nowMs, bytes });
      }
      for (let from = 0; from < left.length; from++) {
        let sum = 0;
        for (let to = from; to < left.length; to++) {
          sum += left[to].bytes;
          const allowed = budget.burst + ((left[to].atMs - left[from].atMs) * rate) / 1_000;
          assert.ok(sum <= allowed + 0.001, `${sum} bytes, ${allowed} allowed`);
        }
      }
    }),
  );
});

test('what idle classes leave is used by whoever is not idle', () => {
  const busy = fc.subarray([...TRAFFIC_CLASSES], { minLength: 1 });
  fc.assert(
    fc.property(bytesPerSecond, busy, fc.integer({ min: 300, max: 1_248 }), (rate, classes, bytes) => {
      const budget = new LinkBudget({ bytesPerSecond: rate });
      // Steps short enough that no pool is full for want of asking.
      const stepMs = Math.min(100_000, (budget.burst * 50) / rate);
      const steps = 200;
      let taken = 0;
      for (let step = 0; step <= steps; step++)
        for (const trafficClass of classes)
          while (budget.take(bytes, trafficClass, step * stepMs)) taken += bytes;
      const earned = (steps * stepMs * rate) / 1_000;
      assert.ok(taken >= earned, `${taken} of ${earned} bytes`);
    }),
  );
});

test('a clock that stands still or goes back earns nothing', () => {
  fc.assert(
    fc.property(
      bytesPerSecond,
      fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 50 }),
      (rate, times) => {
        const budget = new LinkBudget({ bytesPerSecond: rate });
        let taken = 0;
        for (const nowMs of [1_000, ...times]) while (budget.take(1_000, 'liveness', nowMs)) taken += 1_000;
        assert.ok(taken <= budget.burst);
      },
    ),
  );
});
