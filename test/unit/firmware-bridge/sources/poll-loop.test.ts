import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PollLoop } from '#bridge/sources/poll-loop.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';

test('rounds keep their distance from start to start, the second may come sooner', async () => {
  const clock = new ManualClock();
  const startedAtMs: number[] = [];
  const loop = new PollLoop({
    clock,
    intervalMs: 1000,
    secondRoundMs: 100,
    round: async () => void startedAtMs.push(clock.nowMs() - 1000),
  });
  loop.start();
  await clock.advance(2500);
  assert.deepEqual(startedAtMs, [0, 100, 1100, 2100]);
  loop.stop();
  await clock.advance(5000);
  assert.equal(startedAtMs.length, 4);
});

test('no round begins beside one that hangs, and a late one knows that it is no longer wanted', async () => {
  const clock = new ManualClock();
  const gate = Promise.withResolvers<void>();
  let rounds = 0;
  let wanted: boolean | undefined;
  const loop = new PollLoop({
    clock,
    intervalMs: 1000,
    async round(isCurrent) {
      rounds += 1;
      await gate.promise;
      wanted = isCurrent();
    },
  });
  loop.start();
  await clock.advance(10_000);
  assert.equal(rounds, 1);
  loop.stop();
  gate.resolve();
  await settle();
  assert.equal(wanted, false);
  assert.equal(clock.pendingTimers, 0);
});
