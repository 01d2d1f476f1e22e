import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { drawDelayMs, LATENCY_SHAPES } from '#runtime/simulator/latency.ts';
import { median } from '#runtime/simulator/statistics.ts';

function draws(shape: (typeof LATENCY_SHAPES)[number], delayMs: number, jitterMs: number): number[] {
  const random = new SeededRandom(3);
  return Array.from({ length: 4_000 }, () => drawDelayMs({ shape, delayMs, jitterMs }, random));
}

test('no shape ever gives a negative delay', () => {
  for (const shape of LATENCY_SHAPES) assert.ok(draws(shape, 1, 50).every((ms) => ms >= 0));
});

test('without jitter each shape gives the delay itself', () => {
  for (const shape of LATENCY_SHAPES) assert.deepEqual(new Set(draws(shape, 7, 0)), new Set([7]));
});

test('uniform and normal delays lie around the delay, a Pareto tail is long and bounded', () => {
  assert.ok(Math.abs(median(draws('uniform', 20, 5)) - 20) < 0.5);
  assert.ok(Math.abs(median(draws('normal', 20, 5)) - 20) < 0.5);
  const pareto = draws('pareto', 20, 5).sort((a, b) => a - b);
  assert.ok(pareto[0] >= 20);
  assert.ok(pareto[3_960] > 50, 'one in a hundred waits long');
  assert.ok(pareto[3_999] <= 20 + 500);
});
