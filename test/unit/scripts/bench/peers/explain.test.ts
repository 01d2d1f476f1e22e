import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparedRows } from '../../../../../scripts/bench/peers/explain.ts';
import type { Predicted } from '../../../../../scripts/bench/peers/prediction.ts';
import type { Round } from '../../../../../scripts/bench/peers/round.ts';
import { makeLoad, makeRound } from '../../../../support/bench-round.ts';

const rowOf = (name: string, round: Round, predicted: Predicted) => {
  const rows = comparedRows([round], predicted, { nodes: 10, processors: 2 });
  const row = rows.find((candidate) => candidate.name.startsWith(name));
  assert.ok(row !== undefined, name);
  return row;
};

test('a figure within a fifth of the prediction is the same', () => {
  const row = rowOf('crash, silent', makeRound(), { silentMs: [2_700, 2_800] });
  assert.equal(row.why, 'the same');
  assert.ok(Math.abs((row.ratio ?? 0) - 3_000 / 2_750) < 0.001);
});

test('a difference of a few milliseconds is one of timers', () => {
  assert.match(rowOf('update', makeRound({ updateMs: [3] }), { updateP50Ms: [1] }).why, /timers of 1 ms/);
});

test('processor time that fits the difference explains it, less what idling takes', () => {
  const load = { update: makeLoad({ cpuMs: 410, wallMs: 1_000 }) };
  const { why } = rowOf('update', makeRound({ updateMs: [100, 110], load }), { updateP50Ms: [10] });
  // 410 ms less 10 nodes that idle for a second, for each of two updates.
  assert.equal(why, 'it takes 200 ms of processor time, 100 ms on 2 processors');
});

test('ranges that overlap are chance', () => {
  const round = makeRound({ crashMs: { closed: [], silent: [4_000] } });
  assert.match(rowOf('crash, silent', round, { silentMs: [1_000, 2_000, 5_000] }).why, /^chance/);
});

test('updates that differ are no chance, but the greatest of few of them is', () => {
  const round = makeRound({ updateMs: [20, 400], load: { update: makeLoad({ cpuMs: 20 }) } });
  const predicted = { updateP50Ms: [40], updateMaxMs: [900] };
  assert.match(rowOf('update, last', round, predicted).why, /^not explained/);
  assert.equal(rowOf('update: greatest', round, predicted).why, 'chance: the greatest of 2 samples');
});

test('the greatest of few updates is no chance where it is far off', () => {
  const round = makeRound({ updateMs: [20, 4_300], load: { update: makeLoad({ cpuMs: 20 }) } });
  assert.match(rowOf('update: greatest', round, { updateMaxMs: [40] }).why, /^not explained/);
});

test('processor time that is far below the difference does not explain it', () => {
  const round = makeRound({
    crashMs: { closed: [1_900], silent: [] },
    load: { closed: makeLoad({ cpuMs: 210 }) },
  });
  assert.match(rowOf('crash, sockets closed', round, { closedMs: [1_200] }).why, /^not explained/);
});

test('a busy machine is told with its figures', () => {
  const round = makeRound({ joinMs: 900, load: { join: makeLoad({ busiestLoop: 0.97, cpuMs: 50 }) } });
  assert.match(rowOf('join', round, { joinMs: [10] }).why, /^CPU-bound: an event loop busy 97 %/);
});

test('a difference that nothing measured explains is not explained', () => {
  const round = makeRound({ joinMs: 900, load: { join: makeLoad({ cpuMs: 20 }) } });
  assert.match(rowOf('join', round, { joinMs: [10] }).why, /^not explained; loop delay p99 1.0 ms, 1 % of/);
});

test('traffic of a cluster that does not rest is told with what keeps it awake', () => {
  const round = makeRound({ suspicions: 4, dropped: 2 });
  const { why } = rowOf('idle: UDP', round, { idleDatagramBytes: [50] });
  assert.equal(why, '4 suspicions, 2 datagrams dropped by full sockets');
});

test('what was missed on either side is told', () => {
  assert.equal(rowOf('join', makeRound({ joinMs: null }), { joinMs: [10] }).why, 'not within its limit');
  assert.equal(rowOf('join', makeRound(), { joinMs: [null] }).why, 'not within its limit');
});

test('only what both sides have is compared', () => {
  const rows = comparedRows([makeRound({ idle: null })], { idleDatagramBytes: [1] }, { nodes: 10 });
  assert.deepEqual(rows, []);
});
