import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from '#runtime/engine/byte-budget.ts';

test('a budget may be overdrawn once, and says how long to wait', () => {
  const budget = new ByteBudget({ perSecond: 1_000, burst: 500 });
  assert.equal(budget.level(0), 1);
  budget.spend(1_500, 0);
  assert.ok(budget.left(0) <= 0);
  const waitMs = budget.waitMs(0);
  assert.ok(budget.left(waitMs - 2) <= 0);
  assert.ok(budget.left(waitMs) > 0);
});

test('it refills up to its burst, however long it was left alone, and a clock that goes back earns nothing', () => {
  const budget = new ByteBudget({ perSecond: 1_000, burst: 500 });
  budget.spend(500, 10_000);
  assert.equal(budget.left(5_000), 0);
  assert.equal(budget.left(10_250), 250);
  assert.equal(budget.left(1_000_000), 500);
});
