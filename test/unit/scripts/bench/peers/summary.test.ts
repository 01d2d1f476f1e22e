import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Round } from '../../../../../scripts/bench/peers/round.ts';
import { figureOf, summarize } from '../../../../../scripts/bench/peers/summary.ts';
import { makeRound } from '../../../../support/bench-round.ts';

const crashed = (ms: number | null) => makeRound({ crashMs: { closed: [ms], silent: [ms] } });
const rowOf = (name: string, ours: Round[], theirs: Round[]) => {
  const row = summarize(ours, theirs).find((candidate) => candidate.name.startsWith(name));
  assert.ok(row !== undefined, name);
  return row;
};

test('the median of an even number of samples is between the middle two', () => {
  const figure = { median: 2.5, p99: 4, min: 1, max: 4, samples: 4, missed: 0 };
  assert.deepEqual(figureOf([4, 1, 3, 2]), figure);
});

test('of a hundred samples the p99 is the second greatest', () => {
  assert.equal(figureOf(Array.from({ length: 100 }, (_, i) => i + 1)).p99, 99);
});

test('a missed sample counts as longer than all others', () => {
  const figure = { median: 7, p99: null, min: 5, max: null, samples: 3, missed: 1 };
  assert.deepEqual(figureOf([null, 7, 5]), figure);
});

test('a median that was missed is no number', () => {
  assert.equal(figureOf([null, null, 5]).median, null);
  assert.equal(figureOf([null, 5]).median, null);
  assert.equal(figureOf([]).median, null);
});

test('the ratio is above 1 where memberlist takes longer', () => {
  assert.equal(rowOf('crash, silent', [crashed(2_000)], [crashed(5_000)]).ratio, 2.5);
  assert.equal(rowOf('crash, sockets closed', [crashed(2_000)], [crashed(5_000)]).ratio, 2.5);
});

test('there is no ratio where one side missed its median', () => {
  assert.equal(rowOf('crash, silent', [crashed(2_000)], [crashed(null)]).ratio, null);
  assert.equal(rowOf('crash, silent', [crashed(null)], [crashed(2_000)]).ratio, null);
});

test('updates of all rounds are one set of samples', () => {
  const round = makeRound({ updateMs: [10, 30, null] });
  const { gridvine } = rowOf('update', [round, round], [round]);
  assert.equal(gridvine?.samples, 6);
  assert.equal(gridvine?.missed, 2);
});

test('the slowest updates are compared with each other', () => {
  const row = rowOf('update, last node has it: greatest', [makeRound()], [makeRound({ updateMs: [5, 300] })]);
  assert.equal(row.statistic, 'max');
  assert.equal(row.ratio, 10);
});

test('rounds without an idle window count for nothing there', () => {
  const rounds = [makeRound(), makeRound({ idle: null })];
  assert.equal(rowOf('idle: UDP and TCP', rounds, rounds).memberlist?.samples, 1);
});

test('payload of datagrams and of streams is added up', () => {
  assert.equal(rowOf('idle: UDP and TCP', [makeRound()], [makeRound()]).memberlist?.median, 120);
});

test('a side that was not measured has no figures', () => {
  const row = rowOf('join', [makeRound()], []);
  assert.equal(row.memberlist, null);
  assert.equal(row.ratio, null);
});
