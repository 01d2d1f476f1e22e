import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '#runtime/simulator/observation.ts';
import { VerdictMeter } from '#runtime/simulator/verdict-meter.ts';
import { VerdictJudge } from '#runtime/simulator/verdicts.ts';
import { A, B, C, impaired, restored, said, started, stopped } from './observations.ts';

function verdictsOf(...observations: readonly Observation[]): string[] {
  const judge = new VerdictJudge({ stallMsMax: 0 });
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

test('a verdict by one that could not meet the member is isolated', () => {
  const asked: unknown[] = [];
  const judge = new VerdictJudge({
    stallMsMax: 0,
    couldMeet(...question) {
      asked.push(question);
      return false;
    },
  });
  const kinds = [...running, said(2, B, A, 'suspect'), said(3, B, A, 'down')].flatMap(
    (observation) => judge.judge(observation)?.kind ?? [],
  );
  assert.deepEqual(kinds, ['isolated']);
  assert.deepEqual(asked, [[B, A, 2]]);
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

test('a stall or cut no longer than the bound excuses nothing, and neither do several apart from each other', () => {
  const judge = new VerdictJudge({ stallMsMax: 1_000 });
  const kinds = [
    ...running,
    impaired(10_000, A, 'stalled'),
    said(10_500, B, A, 'suspect'),
    restored(11_000, A, 'stalled'),
    impaired(12_001, A, 'cut-off'),
    restored(13_001, A, 'cut-off'),
    said(13_002, B, A, 'down'),
  ].flatMap((observation) => judge.judge(observation)?.kind ?? []);
  assert.deepEqual(kinds, ['false']);
});

test('a longer stall excuses, while it lasts and after it, and so do short ones with hardly a rest between them', () => {
  for (const story of [
    [impaired(10_000, A, 'stalled'), said(10_500, B, A, 'suspect'), said(11_001, B, A, 'down')],
    [
      impaired(10_000, A, 'stalled'),
      said(10_500, B, A, 'suspect'),
      restored(11_001, A, 'stalled'),
      said(12_000, B, A, 'down'),
    ],
    [
      impaired(10_000, A, 'stalled'),
      restored(10_900, A, 'stalled'),
      said(11_000, B, A, 'suspect'),
      impaired(11_100, A, 'stalled'),
      restored(11_900, A, 'stalled'),
      said(12_000, B, A, 'down'),
    ],
  ]) {
    const judge = new VerdictJudge({ stallMsMax: 1_000 });
    const kinds = [...running, ...story].flatMap((observation) => judge.judge(observation)?.kind ?? []);
    assert.deepEqual(kinds, ['stalled']);
  }
});

test('verdicts are counted by kind, and a recovery lasts until nobody doubts', () => {
  let doubters = 2;
  const meter = new VerdictMeter({
    stallMsMax: 0,
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

test('who was cut off may still suspect what the others have heard refuted: what excused it then excuses it still', () => {
  assert.deepEqual(
    verdictsOf(
      ...running,
      impaired(1, A, 'cut-off'),
      said(2, B, A, 'suspect'),
      // C has heard of its next incarnation, and suspects that one.
      said(3, C, A, 'suspect', { incarnation: 1 }),
      restored(4, A, 'cut-off'),
      said(5, C, A, 'alive', { incarnation: 2 }),
      said(6, B, A, 'down'),
    ),
    ['stalled'],
  );
});

test('a suspicion that its last voice took back is over, and the next one is judged by itself', () => {
  assert.deepEqual(
    verdictsOf(
      ...running,
      impaired(1, A, 'cut-off'),
      said(2, B, A, 'suspect'),
      restored(3, A, 'cut-off'),
      said(4, B, A, 'alive', { incarnation: 1 }),
      said(5, B, A, 'suspect'),
      said(6, B, A, 'down'),
    ),
    ['false'],
  );
});

test('down of a boot above which a node has gone on is right', () => {
  const rise: Observation = { type: 'event', atMs: 2, node: A, event: { type: 'boot-behind', seenBoot: 4 } };
  const verdict = [said(3, B, A, 'suspect'), said(4, B, A, 'down')];
  assert.deepEqual(verdictsOf(...running, rise, ...verdict), ['right']);
  assert.deepEqual(
    verdictsOf(
      ...running,
      rise,
      ...[said(3, B, A, 'suspect', { boot: 5 }), said(4, B, A, 'down', { boot: 5 })],
    ),
    ['false'],
  );
});
