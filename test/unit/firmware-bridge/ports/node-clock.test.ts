import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeClock } from '#bridge/ports/node-clock.ts';

test('a scheduled call comes once, and a cancelled one does not', async () => {
  const clock = nodeClock();
  const called: string[] = [];
  const cancel = clock.schedule(0, () => called.push('cancelled'));
  cancel();
  cancel();
  await new Promise<void>((resolve) => {
    clock.schedule(0.2, () => {
      called.push('called');
      resolve();
    });
  });
  assert.deepEqual(called, ['called']);
});

test('time comes from the clock that was injected', () => {
  assert.equal(nodeClock(() => 42).nowMs(), 42);
  assert.ok(Number.isSafeInteger(nodeClock().nowMs()));
});
