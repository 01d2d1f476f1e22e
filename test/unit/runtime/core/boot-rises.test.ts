import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOT_RISE_PER_DAY, BootRises } from '#runtime/core/boot-rises.ts';
import { BOOT_MAX } from '#runtime/core/version.ts';

const DAY_MS = 86_400_000;

test('[P-5.23] a day lets a boot rise by a sixty-fourth of all there are, and the next day again', () => {
  const rises = new BootRises();
  assert.equal(rises.tryTake(BOOT_RISE_PER_DAY, 0), true);
  assert.equal(rises.tryTake(1, 1), false);
  assert.equal(rises.tryTake(BOOT_RISE_PER_DAY / 2, DAY_MS / 2), true);
  assert.equal(64 * BOOT_RISE_PER_DAY, BOOT_MAX + 1);
});

test('a long time without a rise saves nothing up', () => {
  const rises = new BootRises();
  assert.equal(rises.tryTake(1, 0), true);
  assert.equal(rises.tryTake(BOOT_RISE_PER_DAY + 1, 100 * DAY_MS), false);
  assert.equal(rises.tryTake(BOOT_RISE_PER_DAY, 101 * DAY_MS), true);
});

test('a claim that is made again and again is believed once the days for it are over', () => {
  const rises = new BootRises();
  let hours = 0;
  while (!rises.tryTake(10 * BOOT_RISE_PER_DAY, hours * 3_000_000)) hours++;
  assert.ok(hours * 3_000_000 >= 8.9 * DAY_MS && hours * 3_000_000 <= 9.1 * DAY_MS, `${hours}`);
});

test('a board that restarts every six seconds is believed for as long as it does', () => {
  const rises = new BootRises();
  for (let i = 0; i < 100_000; i++) assert.equal(rises.tryTake(1, i * 6_000), true);
});
