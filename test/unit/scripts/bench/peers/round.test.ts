import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, parseRound, roundLimitMs } from '../../../../../scripts/bench/peers/round.ts';

const ROUND = {
  joinMs: 50,
  idle: { datagrams: 2, datagramBytes: 100, streamBytes: 20, cpuMs: 1 },
  broadcastMs: [10, null],
  crashMs: null,
  falseDowns: 0,
};

test('a round is read back, with what was missed', () => {
  assert.deepEqual(parseRound(JSON.stringify(ROUND)), ROUND);
});

test('what is no round is refused with what came', () => {
  const wrong = [
    {},
    null,
    { ...ROUND, joinMs: undefined },
    { ...ROUND, idle: { ...ROUND.idle, cpuMs: 'much' } },
    { ...ROUND, broadcastMs: 5 },
    { ...ROUND, broadcastMs: ['5'] },
  ];
  for (const round of wrong)
    assert.throws(
      () => parseRound(JSON.stringify(round)),
      /expected the figures of a round; got /,
      String(round),
    );
  assert.throws(() => parseRound('panic: no'), /expected the figures of a round; got panic: no/);
});

test('a round may use up all of its limits', () => {
  const plan = { nodes: 10, broadcasts: 3, payloadBytes: 256, settleS: 5, idleS: 7 };
  const waitsS = LIMITS.joinS + 5 + 7 + 3 * LIMITS.broadcastS + LIMITS.crashS;
  assert.ok(roundLimitMs(plan) > waitsS * 1_000);
});
