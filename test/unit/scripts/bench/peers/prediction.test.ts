import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePredicted, predictionPlans } from '../../../../../scripts/bench/peers/prediction.ts';

const SIZE = { nodes: 10, linkDelayMs: 0.05, updates: 5, crashes: 1, idleS: 10 };

test('every scenario is played with every seed', () => {
  const plans = predictionPlans(SIZE, 2);
  assert.equal(plans.length, 10);
  assert.equal(new Set(plans.map(({ scenario, seed }) => `${scenario} ${seed}`)).size, 10);
});

test('a cluster of one has no crashes to play', () => {
  const scenarios = predictionPlans({ ...SIZE, nodes: 1 }, 1).map(({ scenario }) => scenario);
  assert.deepEqual(scenarios.toSorted(), ['idle', 'join', 'update']);
});

test('samples of all runs come together, and what never came to pass is kept', () => {
  const merged = mergePredicted([{ joinMs: [1] }, { joinMs: [null] }, { silentMs: [5, 6] }]);
  assert.deepEqual(merged, { joinMs: [1, null], silentMs: [5, 6] });
});
