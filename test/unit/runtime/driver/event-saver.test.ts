import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSaver } from '#runtime/driver/event-saver.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { ManualTime } from '../../../support/manual-time.ts';

function bench() {
  const time = new ManualTime();
  const health = new HealthBoard();
  const saved: number[] = [];
  const told: number[] = [];
  const outcomes: string[] = [];
  const medium = { error: undefined as Error | undefined, wait: undefined as Promise<void> | undefined };
  const saver = new EventSaver({
    clock: time,
    scheduler: time,
    health,
    save: async ([number = 0]) => {
      await medium.wait;
      if (medium.error !== undefined) throw medium.error;
      saved.push(number);
    },
  });
  const keep = (number: number) =>
    saver.keep({ kept: Uint8Array.of(number), scope: 'changes' }, (outcome) => {
      told.push(number);
      outcomes.push(outcome);
    });
  const codes = () => health.items(time.nowMs()).map(({ code }) => code);
  return { time, saved, told, outcomes, medium, saver, keep, codes };
}

const turns = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what is kept is on the medium before anybody is told', async () => {
  const { saved, told, keep } = bench();
  keep(1);
  assert.deepEqual(told, []);
  await turns();
  assert.deepEqual([saved, told], [[1], [1]]);
});

test('a medium that refuses holds nothing up, and is shown until it takes something', async () => {
  const { told, outcomes, keep, medium, codes } = bench();
  medium.error = Object.assign(new Error('read-only'), { code: 'EROFS' });
  keep(1);
  await turns();
  assert.deepEqual([told, codes()], [[1], ['events-unsaved']]);
  medium.error = undefined;
  keep(2);
  await turns();
  assert.deepEqual([told, codes()], [[1, 2], []]);
  assert.deepEqual(outcomes, ['failed', 'kept']);
});

test('a medium that does not answer is shown, and holds events up until it does', async () => {
  const { told, keep, codes, medium, time } = bench();
  let answer: () => void = () => undefined;
  medium.wait = new Promise((resolve) => {
    answer = resolve;
  });
  keep(1);
  time.advance(4_000);
  assert.deepEqual([told, codes()], [[], []]);
  time.advance(2_000);
  assert.deepEqual([told, codes()], [[], ['events-held']]);
  answer();
  await turns();
  assert.deepEqual([told, codes()], [[1], []]);
});

test('who waits for what is under way waits no longer than it says', async () => {
  const { saver, keep, told, medium, time } = bench();
  keep(1);
  await saver.settled(() => told.length === 1, 1_000);
  assert.deepEqual(told, [1]);
  medium.wait = new Promise(() => undefined);
  keep(2);
  const settled = saver.settled(() => told.length === 2, 1_000);
  time.advance(1_001);
  await settled;
  assert.deepEqual(told, [1]);
});

test('a sender of too much is named, for a while', () => {
  const { saver, codes, time } = bench();
  saver.noteSlowed('roof');
  assert.deepEqual(codes(), ['events-slowed']);
  time.advance(600_001);
  assert.deepEqual(codes(), []);
});

test('after close nothing is begun, and what was begun is over', async () => {
  const { saver, saved, told, keep } = bench();
  keep(1);
  await saver.close();
  assert.deepEqual([saved, told], [[1], [1]]);
  keep(2);
  await turns();
  assert.deepEqual([saved, told], [[1], [1]]);
});
