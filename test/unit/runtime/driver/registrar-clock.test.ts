import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellTimeHourly } from '#runtime/driver/registrar-clock.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';

test('tells the engine the time now and every hour, until it is ended', () => {
  const told: number[] = [];
  const waiting: { delayMs: number; run: () => void }[] = [];
  let seconds = 1_000;
  const engine = { tellTime: (_nowMs: number, unixSeconds: number) => told.push(unixSeconds) };
  const end = tellTimeHourly({
    driver: { mutate: (change) => change(engine as unknown as GossipEngine, 5) },
    scheduler: {
      after: (delayMs, run) => {
        const job = { delayMs, run };
        waiting.push(job);
        return () => waiting.splice(waiting.indexOf(job), 1);
      },
    },
    wallSeconds: () => seconds,
  });
  assert.deepEqual([told, waiting.length, waiting[0].delayMs], [[1_000], 1, 3_600_000]);
  seconds = 9_000;
  waiting.shift()?.run();
  assert.deepEqual([told, waiting.length], [[1_000, 9_000], 1]);
  end();
  assert.equal(waiting.length, 0);
});
