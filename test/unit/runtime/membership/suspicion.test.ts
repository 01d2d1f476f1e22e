import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Accusation,
  isRefused,
  Suspicion,
  suspicionTimeMs,
  suspicionTimes,
} from '#runtime/membership/suspicion.ts';

const SETTINGS = {
  probeIntervalMs: 1_000,
  suspicionMultiplier: 1,
  suspicionMaxFactor: 6,
  suspicionConfirmations: 3,
};

function accusation(accuser: string, changes: Partial<Accusation> = {}): Accusation {
  return {
    accuser,
    boot: 1,
    incarnation: 0,
    stage: 'suspect',
    madeAtMs: 1_000,
    heardAtMs: 1_000,
    ...changes,
  };
}

test('[P-6.3] suspicion takes its longest time unconfirmed and falls to its least with k accusers more', () => {
  // B-24
  const times = suspicionTimes(100, SETTINGS);
  assert.deepEqual(times, { minMs: 2_000, maxMs: 12_000, confirmations: 3, refusedMs: 400 });
  const falling = [0, 1, 2, 3].map((confirmed) => suspicionTimeMs(times, confirmed));
  assert.deepEqual(falling.map(Math.round), [12_000, 7_000, 4_075, 2_000]);
  assert.equal(suspicionTimeMs(times, 50), 2_000);
});

test('[P-6.3] suspicion grows with the logarithm of the members and with the probe interval', () => {
  // B-29
  const leastOf = (members: number, probeIntervalMs = 1_000) =>
    suspicionTimes(members, { ...SETTINGS, probeIntervalMs }).minMs;
  assert.deepEqual(
    [1, 2, 10, 100, 1_000].map((n) => Math.round(leastOf(n))),
    [1_000, 1_000, 1_000, 2_000, 3_000],
  );
  assert.equal(leastOf(100, 200), 400);
  assert.equal(leastOf(0), 1_000);
});

test('[P-6.10] it takes as many refused accusers as suspicion ever waits for, and never one alone', () => {
  const enough = (members: number) =>
    [0, 1, 2, 3, 4, 5].filter((by) => isRefused(suspicionTimes(members, SETTINGS), by));
  assert.deepEqual(enough(2), [2, 3, 4, 5]);
  assert.deepEqual(enough(3), [2, 3, 4, 5]);
  assert.deepEqual(enough(4), [3, 4, 5]);
  assert.deepEqual(enough(100), [4, 5]);
});

test('[P-6.10] only accusers that say so count as refused, once each', () => {
  const suspicion = new Suspicion();
  suspicion.add(accusation('a', { refused: true }));
  suspicion.add(accusation('a', { refused: true }));
  suspicion.add(accusation('b'));
  assert.equal(suspicion.refusedBy, 1);
  suspicion.remove('a');
  assert.equal(suspicion.refusedBy, 0);
});

test('[P-6.3] where nobody can confirm, the least time holds at once', () => {
  // B-26
  for (const members of [0, 1, 2]) {
    const times = suspicionTimes(members, SETTINGS);
    assert.equal(times.confirmations, 0);
    assert.equal(suspicionTimeMs(times, 0), times.minMs);
  }
  assert.equal(suspicionTimes(3, SETTINGS).confirmations, 1);
  assert.equal(suspicionTimes(4, SETTINGS).confirmations, 2);
});

test('the same accuser counts once', () => {
  // B-25
  const suspicion = new Suspicion();
  assert.equal(suspicion.add(accusation('a')), true);
  assert.equal(suspicion.add(accusation('a')), false);
  assert.equal(suspicion.add(accusation('b')), true);
  assert.equal(suspicion.size, 2);
});

test('a repeated accusation does not restart the clock', () => {
  // B-27
  const suspicion = new Suspicion();
  suspicion.add(accusation('a', { madeAtMs: 1_000 }));
  suspicion.add(accusation('a', { madeAtMs: 9_000 }));
  suspicion.add(accusation('a', { madeAtMs: 9_500, stage: 'down' }));
  suspicion.add(accusation('b', { madeAtMs: 8_000 }));
  assert.equal(suspicion.startMs, 1_000);
});

test('a verdict is news after a suspicion of the same life, not the other way round', () => {
  const suspicion = new Suspicion();
  assert.equal(suspicion.add(accusation('a', { stage: 'down' })), true);
  assert.equal(suspicion.add(accusation('a', { stage: 'suspect' })), false);
  assert.equal(suspicion.add(accusation('b')), true);
  assert.equal(suspicion.add(accusation('b', { stage: 'down' })), true);
});

test('a refutation drops the accusations of the lives before it and keeps the others', () => {
  const suspicion = new Suspicion();
  suspicion.add(accusation('a', { incarnation: 2 }));
  suspicion.add(accusation('b', { incarnation: 3 }));
  suspicion.add(accusation('c', { boot: 0, incarnation: 9 }));
  suspicion.keepOnly({ boot: 1, incarnation: 3 });
  assert.deepEqual(suspicion.accusers, ['b']);
});

test('without an accusation the clock never started', () => {
  const suspicion = new Suspicion();
  assert.equal(suspicion.startMs, Number.POSITIVE_INFINITY);
  suspicion.add(accusation('a'));
  assert.equal(suspicion.remove('a'), true);
  assert.equal(suspicion.remove('a'), false);
  assert.equal(suspicion.startMs, Number.POSITIVE_INFINITY);
});
