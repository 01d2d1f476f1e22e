import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HelpBudget } from '#runtime/engine/help-budget.ts';

const count = (take: () => boolean) => Array.from({ length: 5_000 }, take).filter(Boolean).length;

test('[P-6.2] who asks for help all the time uses up its own share, and nobody else notices', () => {
  const budget = new HelpBudget();
  assert.equal(
    count(() => budget.takeRequest('a', 0)),
    20,
  );
  assert.equal(budget.takeRequest('b', 0), true);
  assert.equal(budget.takeRequest('a', 50), false);
  assert.equal(budget.takeRequest('a', 100), true);
});

test('[P-6.2] each of as many callers as there may be is asked after twice a second, beside those that this node calls', () => {
  const budget = new HelpBudget();
  count(() => budget.takePing('calling', 0));
  assert.equal(
    count(() => budget.takePing('called', 0)),
    200,
  );
  assert.equal(
    count(() => budget.takePing('calling', 1_000)),
    512,
  );
});

test('[P-19.13] what is carried takes nothing from help, and no sender has all of it', () => {
  const budget = new HelpBudget();
  assert.equal(
    count(() => budget.takeCarry('a', 0)),
    40,
  );
  assert.equal(budget.takeCarry('b', 0), true);
  assert.equal(budget.takePing('called', 0), true);
  const of = (id: number) => budget.takeCarry(`${id}`, 0);
  assert.equal(Array.from({ length: 500 }, (_, i) => of(i)).filter(Boolean).length, 200 - 41);
});
