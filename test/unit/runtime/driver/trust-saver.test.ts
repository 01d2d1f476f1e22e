import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { TrustSaver } from '#runtime/driver/trust-saver.ts';
import { ManualTime } from '../../../support/manual-time.ts';

function bench() {
  const time = new ManualTime();
  const health = new HealthBoard();
  const writes: number[] = [];
  const world = { error: undefined as Error | undefined };
  const save = async () => {
    writes.push(time.nowMs());
    if (world.error !== undefined) throw world.error;
  };
  const saver = new TrustSaver({ clock: time, scheduler: time, health, save });
  const codes = () => health.items(time.nowMs()).map(({ code }) => code);
  return { time, saver, writes, codes, world };
}

const microtasks = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test('the first change is written at once, those of the next second together', async () => {
  const { time, saver, writes } = bench();
  saver.changed();
  assert.deepEqual(writes, [1_000]);
  saver.changed();
  await microtasks();
  saver.changed();
  time.advance(999);
  assert.deepEqual(writes, [1_000]);
  time.advance(1);
  assert.deepEqual(writes, [1_000, 2_000]);
  await microtasks();
  time.advance(60_000);
  assert.deepEqual(writes, [1_000, 2_000]);
  saver.changed();
  assert.equal(writes.length, 3);
});

test('closing writes what is left, and nothing where nothing is', async () => {
  const { time, saver, writes } = bench();
  saver.changed();
  await microtasks();
  saver.changed();
  await saver.close();
  assert.equal(writes.length, 2);
  assert.equal(time.pending, 0);
  await saver.close();
  assert.equal(writes.length, 2);
});

test('closing waits for a write under way, and then writes what came meanwhile', async () => {
  const { saver, writes } = bench();
  saver.changed();
  saver.changed();
  await saver.close();
  assert.equal(writes.length, 2);
});

test('a medium that refuses is a condition, tried again until it takes it', async () => {
  const { time, saver, writes, codes, world } = bench();
  world.error = Object.assign(new Error('full'), { code: 'ENOSPC' });
  saver.changed();
  await microtasks();
  assert.deepEqual(codes(), ['trust-unsaved']);
  world.error = undefined;
  time.advance(5_000);
  await microtasks();
  assert.equal(writes.length, 2);
  assert.deepEqual(codes(), []);
});

test('a medium that refuses does not hold the end up', async () => {
  const { saver, writes, world } = bench();
  world.error = Object.assign(new Error('full'), { code: 'ENOSPC' });
  saver.changed();
  await saver.close();
  assert.equal(writes.length, 2);
});
