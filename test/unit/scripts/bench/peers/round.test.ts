import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  crashesOf,
  LIMITS,
  parseRound,
  roundLimitMs,
  UPDATES_S_MAX,
} from '../../../../../scripts/bench/peers/round.ts';
import { makeLoad, makeRound } from '../../../../support/bench-round.ts';

const PLAN = {
  nodes: 10,
  joinOverS: 0,
  joinS: 60,
  updates: 3,
  payloadBytes: 256,
  settleS: 5,
  idleS: 7,
  crashes: 2,
};

test('a round is read back, with what was missed and what was left out', () => {
  const round = makeRound({ updateMs: [10, null], load: { join: makeLoad({ loopDelayMs: null }) } });
  assert.deepEqual(parseRound(JSON.stringify(round)), round);
});

test('a round without an idle window is read back', () => {
  const round = makeRound({ idle: null });
  assert.equal(parseRound(JSON.stringify(round)).idle, null);
});

test('what is no round is refused with what came', () => {
  const round = makeRound();
  const wrong = [
    {},
    null,
    { ...round, joinMs: undefined },
    { ...round, idle: { ...round.idle, cpuMs: 'much' } },
    { ...round, updateMs: 5 },
    { ...round, updateMs: ['5'] },
    { ...round, crashMs: { closed: [1] } },
    { ...round, load: { ...round.load, idle: {} } },
  ];
  for (const one of wrong)
    assert.throws(
      () => parseRound(JSON.stringify(one)),
      /expected the figures of a round; got /,
      JSON.stringify(one),
    );
  assert.throws(() => parseRound('panic: no'), /expected the figures of a round; got panic: no/);
});

test('a round may use up all of its limits', () => {
  const waitsS = PLAN.joinS + 5 + 7 + 3 * LIMITS.updateS + 4 * LIMITS.crashS;
  assert.ok(roundLimitMs(PLAN) > waitsS * 1_000);
});

test('a cluster that loses all updates is given up after half a minute of them', () => {
  const many = roundLimitMs({ ...PLAN, updates: 1_000 }) - roundLimitMs({ ...PLAN, updates: 100 });
  assert.ok(many < (UPDATES_S_MAX + 1_000) * 1_000);
  assert.ok(many > 0);
});

test('crashes leave a survivor that can see the last one', () => {
  assert.equal(crashesOf({ ...PLAN, nodes: 1 }), 0);
  assert.equal(crashesOf({ ...PLAN, nodes: 2 }), 0);
  assert.equal(crashesOf({ ...PLAN, nodes: 3 }), 1);
  assert.equal(crashesOf({ ...PLAN, nodes: 10 }), 2);
});
