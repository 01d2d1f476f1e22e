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

test('a long value that was kept counts with its bytes', () => {
  const content = new Uint8Array(16_384);
  const owners = Array.from({ length: 40 }, (_, i) =>
    keptOwner(i.toString(16).padStart(32, '0'), 1, keptEntry('plan', 1, { content })),
  );
  const portions = [...portionsOf(owners)];
  assert.deepEqual(portions.flat(), owners);
  assert.deepEqual(new Set(portions.map(({ length }) => length)), new Set([4]));
});
