import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '#runtime/core/random.ts';
import { drawDelayMs, type Latency, type LatencyShape } from '#runtime/simulator/latency.ts';

const DRAWS = 20_000;
/** Of 20000 draws a share of p lies within this of p, but for one run in about 10^5 (4.4 standard deviations at p = 1/2). */
const SHARE_ERROR = 4.4 * Math.sqrt(0.25 / DRAWS);

/** P(delay <= delayMs + x * jitterMs), as the shapes are documented. */
const CUMULATIVE: Readonly<Record<LatencyShape, (x: number) => number>> = {
  uniform: (x) => Math.min(1, Math.max(0, (x + 1) / 2)),
  normal,
  pareto: (x) => (x < 0 ? 0 : x >= 100 ? 1 : 1 - (1 + x) ** -2),
};

/** The normal distribution by numerical integration: a slow twin of nothing that is under test. */
function normal(x: number): number {
  const step = 1e-3;
  let sum = 0;
  for (let t = step / 2; t < Math.abs(x); t += step) sum += Math.exp((-t * t) / 2) * step;
  return 0.5 + (Math.sign(x) * sum) / Math.sqrt(2 * Math.PI);
}

function sortedDraws(latency: Latency, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: DRAWS }, () => drawDelayMs(latency, random)).sort((a, b) => a - b);
}

function shareUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

const seeds = fc.constantFrom(1, 7, 42, 1_000, 2 ** 40 + 3);
const jitters = fc.constantFrom(0.5, 3, 20);

for (const shape of ['uniform', 'normal', 'pareto'] as const) {
  test(`${shape} delays are distributed as documented, at every point`, () => {
    fc.assert(
      fc.property(seeds, jitters, (seed, jitterMs) => {
        // Far enough from 0 that nothing is cut off there.
        const delayMs = 10 * jitterMs;
        const draws = sortedDraws({ shape, delayMs, jitterMs }, seed);
        for (const x of [-3, -2, -1, -0.5, 0.01, 0.5, 1, 2, 3, 5, 9, 30, 100]) {
          const share = shareUpTo(draws, delayMs + x * jitterMs + 1e-9);
          const expected = CUMULATIVE[shape](x);
          assert.ok(Math.abs(share - expected) <= SHARE_ERROR, `at ${x}: ${share} instead of ${expected}`);
        }
      }),
      { numRuns: 10 },
    );
  });
}

test('one draw in a hundred of a Pareto delay waits nine jitters, and none more than a hundred', () => {
  const draws = sortedDraws({ shape: 'pareto', delayMs: 20, jitterMs: 4 }, 5);
  const p99 = draws[0.99 * DRAWS];
  assert.ok(Math.abs((p99 - 20) / 4 - 9) < 1, `${(p99 - 20) / 4} jitters`);
  assert.ok(draws[DRAWS - 1] <= 20 + 100 * 4);
});

test('draws do not depend on those before them', () => {
  for (const shape of ['uniform', 'normal', 'pareto'] as const) {
    const random = new SeededRandom(11);
    const latency = { shape, delayMs: 100, jitterMs: 5 };
    const median = sortedDraws(latency, 12)[DRAWS / 2];
    let both = 0;
    for (let i = 0; i < DRAWS; i++) {
      const isFirstLate = drawDelayMs(latency, random) > median;
      const isSecondLate = drawDelayMs(latency, random) > median;
      both += Number(isFirstLate === isSecondLate);
    }
    assert.ok(Math.abs(both / DRAWS - 0.5) <= SHARE_ERROR, `${shape}: ${both / DRAWS}`);
  }
});
