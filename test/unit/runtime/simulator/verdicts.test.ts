import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '#runtime/simulator/observation.ts';
import { VerdictMeter } from '#runtime/simulator/verdict-meter.ts';
import { VerdictJudge } from '#runtime/simulator/verdicts.ts';
import { A, B, C, impaired, restored, said, started, stopped } from './observations.ts';

function verdictsOf(...observations: readonly Observation[]): string[] {
  const judge = new VerdictJudge();
  return observations.flatMap((observation) => judge.judge(observation)?.kind ?? []);
}

const running = [started(0, A), started(0, B), started(0, C)];

test('down of one that is off is right, also when its next life has begun meanwhile', () => {
  assert.deepEqual(verdictsOf(...running, stopped(1, A), said(2, B, A, 'suspect'), said(3, B, A, 'down')), [
    'right',
  ]);
  assert.deepEqual(
    verdictsOf(
      ...running,
      stopped(1, A),
      said(2, B, A, 'suspect'),
      started(3, A, 2),
      said(4, B, A, 'down', { boot: 1 }),
    ),
    ['right'],
  );
});

test('a verdict by one that was cut off itself is isolated', () => {
  assert.deepEqual(
    verdictsOf(...running, impaired(1, B, 'cut-off'), said(2, B, A, 'suspect'), said(3, B, A, 'down')),
    ['isolated'],
  );
});

test('a suspicion lasts from its first voice to its last, over all nodes', () => {
  // C suspects A while A is stalled; B joins in later: the stall excuses both.
  assert.deepEqual(
    verdictsOf(
      ...running,
      impaired(1, A, 'stalled'),
      said(2, C, A, 'suspect'),
      restored(3, A, 'stalled'),
      said(4, B, A, 'suspect'),
      said(5, B, A, 'down'),
    ),
    ['stalled'],
  );
  // C takes its word back first: what B suspects is a new suspicion.
  assert.deepEqual(
    verdictsOf(
      ...running,
      impaired(1, A, 'stalled'),
      said(2, C, A, 'suspect'),
      restored(3, A, 'stalled'),
      said(4, C, A, 'alive'),
      said(5, B, A, 'suspect'),
      said(6, B, A, 'down'),
    ),
    ['false'],
  );
});

test('verdicts are counted by kind, and a recovery lasts until nobody doubts', () => {
  let doubters = 2;
  const meter = new VerdictMeter({
    indexOf: (node) => [A, B, C].indexOf(node),
    doubtersOf: () => doubters,
  });
  const observe = (...observations: readonly Observation[]) => observations.forEach(meter.observe);
  observe(...running, impaired(10, A, 'stalled'), said(20, B, A, 'suspect'), said(30, B, A, 'down'));
  observe(restored(100, A, 'stalled'), said(130, C, A, 'alive', { incarnation: 1 }));
  assert.equal(meter.recovering, 1);
  doubters = 0;
  observe(said(150, B, A, 'alive', { incarnation: 1 }));
  assert.deepEqual(meter.recoveries, [50]);
  observe(said(200, B, C, 'suspect'), said(300, B, C, 'down'));
  assert.equal(meter.stalledDowns, 1);
  assert.equal(meter.falseDowns, 1);
  assert.equal(meter.suspicions, 2);
});
