import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineResults } from '#runtime/simulator/combine.ts';
import { distribution, meanMax, median, percentiles } from '#runtime/simulator/statistics.ts';

test('percentiles are values that were measured, and null where none was', () => {
  assert.deepEqual(percentiles([3, 1, 2]), { p50: 2, p99: 3, max: 3 });
  assert.deepEqual(percentiles([5]), { p50: 5, p99: 5, max: 5 });
  assert.deepEqual(percentiles([]), { p50: null, p99: null, max: null });
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(percentiles(hundred), { p50: 50, p99: 99, max: 100 });
});

test('a distribution has a quantile for each hundredth, however many values there were', () => {
  assert.deepEqual(distribution([]), []);
  const few = distribution([3, 1, 2]);
  assert.equal(few.length, 101);
  assert.deepEqual([few[0], few[50], few[100]], [1, 2, 3]);
  const many = distribution(Array.from({ length: 1_000 }, (_, i) => 1_000 - i));
  assert.deepEqual([many[1], many[50], many[99], many[100]], [10, 500, 990, 1_000]);
});

test('means and medians', () => {
  assert.deepEqual(meanMax([1, 2, 6]), { mean: 3, max: 6 });
  assert.deepEqual(meanMax([]), { mean: 0, max: 0 });
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 2]), 1.5);
});

test('several runs give medians, the worst of counted faults, and agreement only of all', () => {
  const combined = combineResults([
    { convergedMs: 10, converged: true, falseDowns: 0, load: { mean: 1, max: 9 } },
    { convergedMs: 30, converged: true, falseDowns: 2, load: { mean: 2, max: 7 } },
    { convergedMs: 20, converged: false, falseDowns: 0, load: { mean: 3, max: 8 } },
  ]);
  assert.deepEqual(combined, {
    convergedMs: 20,
    converged: false,
    falseDowns: 2,
    load: { mean: 2, max: 8 },
  });
});

test('a run that never got there counts as later than any that did', () => {
  assert.deepEqual(combineResults([{ ms: 5 }, { ms: null }, { ms: 7 }]), { ms: 7 });
  assert.deepEqual(combineResults([{ ms: 5 }, { ms: null }, { ms: null }]), { ms: null });
  assert.deepEqual(combineResults([{ ms: null }]), { ms: null });
});
