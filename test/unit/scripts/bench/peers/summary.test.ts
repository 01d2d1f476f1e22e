import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Round } from '../../../../../scripts/bench/peers/round.ts';
import { figureOf, summarize } from '../../../../../scripts/bench/peers/summary.ts';

const IDLE = { datagrams: 2, datagramBytes: 100, streamBytes: 20, cpuMs: 1 };
const round = (crashMs: number | null): Round => ({
  joinMs: 50,
  idle: IDLE,
  broadcastMs: [10, 30, null],
  crashMs,
  falseDowns: 0,
});
const rowOf = (name: string, ours: Round[], theirs: Round[]) => {
  const row = summarize(ours, theirs).find((candidate) => candidate.name.startsWith(name));
  assert.ok(row !== undefined, name);
  return row;
};

test('the median of an even number of samples is between the middle two', () => {
  assert.deepEqual(figureOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4, samples: 4, missed: 0 });
});

test('a missed sample counts as longer than all others', () => {
  assert.deepEqual(figureOf([null, 7, 5]), { median: 7, min: 5, max: null, samples: 3, missed: 1 });
});

test('a median that was missed is no number', () => {
  assert.equal(figureOf([null, null, 5]).median, null);
  assert.equal(figureOf([null, 5]).median, null);
  assert.equal(figureOf([]).median, null);
});

test('the ratio is above 1 where memberlist takes longer', () => {
  assert.equal(rowOf('crash', [round(2_000)], [round(5_000)]).ratio, 2.5);
});

test('there is no ratio where one side missed its median', () => {
  assert.equal(rowOf('crash', [round(2_000)], [round(null)]).ratio, null);
  assert.equal(rowOf('crash', [round(null)], [round(2_000)]).ratio, null);
});

test('broadcasts of all rounds are one set of samples', () => {
  const { gridvine } = rowOf('broadcast', [round(1), round(1)], [round(1)]);
  assert.equal(gridvine.samples, 6);
  assert.equal(gridvine.missed, 2);
});

test('payload of datagrams and of streams is added up', () => {
  assert.equal(rowOf('idle: UDP and TCP', [round(1)], [round(1)]).memberlist.median, 120);
});
