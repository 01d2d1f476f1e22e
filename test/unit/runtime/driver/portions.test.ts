import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portionsOf } from '#runtime/driver/portions.ts';
import { keptEntry, keptOwner } from '../../../support/stored-rows.ts';

test('what was kept is taken back in portions that hold the event loop up shortly, all of it and in order', () => {
  const owners = Array.from({ length: 200 }, (_, i) =>
    keptOwner(
      i.toString(16).padStart(32, '0'),
      30,
      ...Array.from({ length: i % 30 }, (_, n) => keptEntry(`k${n}`, n + 1)),
    ),
  );
  const portions = [...portionsOf(owners)];
  assert.deepEqual(portions.flat(), owners);
  for (const portion of portions)
    assert.ok(portion.reduce((sum, { entries }) => sum + [...entries].length, 0) < 64 + 30);
  assert.ok(portions.length > 20);
  assert.deepEqual([...portionsOf([])], []);
});
