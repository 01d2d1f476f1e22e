import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEventKey } from '#runtime/coordination/events/event-record.ts';
import { decodeEventState, encodeEventState } from '#runtime/coordination/events/event-state.ts';
import { fits, passes } from '#runtime/coordination/events/filter.ts';
import { EventRing } from '#runtime/coordination/events/outbox-ring.ts';
import { EVENT_BYTES_MAX, EVENT_SLOTS } from '#runtime/core/limits.ts';
import { makeVersion } from '#runtime/core/version.ts';

const NODE = { id: 'ab'.repeat(16), name: 'roof-1', tags: { role: 'meter' }, groups: ['sensors', 'east'] };
const ALL = { nodes: [], tags: [], groups: [] };

test('all that a filter gives has to apply, and of nodes and groups one', () => {
  assert.ok(passes(ALL, NODE));
  assert.ok(passes({ ...ALL, nodes: ['barn', 'roof-*'] }, NODE));
  assert.ok(passes({ ...ALL, nodes: [NODE.id] }, NODE));
  assert.ok(!passes({ ...ALL, nodes: ['barn'] }, NODE));
  assert.ok(passes({ ...ALL, tags: [['role', 'm*']] }, NODE));
  assert.ok(
    !passes(
      {
        ...ALL,
        tags: [
          ['role', 'm*'],
          ['site', '*'],
        ],
      },
      NODE,
    ),
  );
  assert.ok(!passes({ ...ALL, tags: [['constructor', '*']] }, NODE), 'no tag, though every object has it');
  assert.ok(passes({ ...ALL, groups: ['x', 'east'] }, NODE));
  assert.ok(!passes({ ...ALL, nodes: ['roof-*'], groups: ['x'] }, NODE));
});

test('a pattern made to be slow takes no longer than pattern and text, multiplied', () => {
  assert.ok(!fits(`${'a*'.repeat(64)}b`, 'a'.repeat(10_000)));
});

test('keys of slots are those from 0 to 63', () => {
  for (const key of ['sys/event/0', 'sys/event/9', 'sys/event/63']) assert.ok(isEventKey(key), key);
  for (const key of ['sys/event/64', 'sys/event/00', 'sys/event/', 'sys/event/a', 'event/0', 'sys/event/1e1'])
    assert.ok(!isEventKey(key), key);
});

test('a slot is used again only when its window is over, the oldest first', () => {
  const ring = new EventRing();
  for (let slot = 0; slot < EVENT_SLOTS; slot++) {
    assert.deepEqual(ring.place(100, 0), { slot, emptied: [] });
    ring.note(slot, { bytes: 100, endMs: 1_000 + ((slot * 7) % EVENT_SLOTS) });
  }
  assert.deepEqual(ring.place(100, 999), { waitMs: 1, full: 'slots' });
  assert.deepEqual(ring.place(100, 1_000), { slot: 0, emptied: [] });
  assert.equal(ring.live(1_000), EVENT_SLOTS - 1);
});

test('slots whose windows are over are emptied for larger ones', () => {
  const ring = new EventRing();
  const large = EVENT_BYTES_MAX / 4;
  for (let slot = 0; slot < 4; slot++) ring.note(slot, { bytes: large, endMs: 1_000 + slot });
  assert.deepEqual(ring.place(1, 900), { waitMs: 100, full: 'bytes' });
  assert.deepEqual(ring.place(large, 1_000), { slot: 4, emptied: [0] });
  assert.deepEqual(ring.place(large + 1, 1_001), { slot: 4, emptied: [0, 1] });
  assert.deepEqual(ring.place(large + 1, 1_000), { waitMs: 1, full: 'bytes' });
});

test('what is kept comes back, also of thousands of senders, and damage is seen', () => {
  const cursors = Array.from(
    { length: 2_500 },
    (_, i) =>
      [
        i.toString(16).padStart(32, '0'),
        { number: makeVersion(1 + (i % 9), i + 1), life: i, told: i },
      ] as const,
  );
  const state = { last: makeVersion(3, 9), cursors };
  const bytes = encodeEventState(state);
  assert.deepEqual(decodeEventState(bytes), state);
  assert.deepEqual(decodeEventState(encodeEventState({ last: 0, cursors: [] })), { last: 0, cursors: [] });
  assert.equal(decodeEventState(bytes.slice(0, -1)), undefined);
  assert.equal(decodeEventState(Uint8Array.of(0, 0, 0, 9)), undefined);
  assert.equal(decodeEventState(new Uint8Array(3)), undefined);
});
