import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridvineRound } from '../../scripts/bench/peers/gridvine.ts';

const PLAN = {
  nodes: 5,
  joinOverS: 0,
  joinS: 60,
  updates: 2,
  payloadBytes: 256,
  settleS: 0,
  idleS: 1,
  crashes: 1,
};

test('a round of the bench measures everything, with nodes in two processes', async () => {
  const round = await gridvineRound(PLAN, { processes: 2, signal: new AbortController().signal });
  assert.ok(round.joinMs !== null);
  assert.ok((round.idle?.datagramBytes ?? 0) > 0);
  assert.equal(round.updateMs.length, 2);
  assert.ok(round.updateMs.every((ms) => ms !== null && ms > 0));
  for (const kind of ['closed', 'silent'] as const) {
    assert.equal(round.crashMs[kind].length, 1, kind);
    assert.ok((round.crashMs[kind][0] ?? 0) > 0, kind);
  }
  for (const [phase, load] of Object.entries(round.load)) assert.ok((load?.wallMs ?? 0) > 0, phase);
});

test('a cluster of one has nothing to join and nobody to see it crash', async () => {
  const plan = { ...PLAN, nodes: 1, idleS: 0 };
  const round = await gridvineRound(plan, { processes: 2, signal: new AbortController().signal });
  assert.equal(round.joinMs, 0);
  assert.equal(round.idle, null);
  assert.equal(round.updateMs.length, 2);
  assert.deepEqual(round.crashMs, { closed: [], silent: [] });
});
