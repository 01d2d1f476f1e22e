import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { MemberState } from '#runtime/core/views.ts';
import { Crowd, UPDATE_KEY } from '../../../../../scripts/bench/peers/crowd.ts';

const member = (id: string, to: MemberState | undefined): EngineEvent => ({
  type: 'member',
  id,
  name: id,
  from: undefined,
  to,
  boot: 1,
  incarnation: 0,
});

const put = (number: number, key = UPDATE_KEY) =>
  ({ type: 'record', change: 'put', record: { key, value: `${number}:xxx` } }) as EngineEvent;

/** Nodes 0 and 1, `a` and `b`, of a cluster with `c` as the third. */
function makeCrowd(): Crowd {
  const crowd = new Crowd();
  crowd.add(0, 'a');
  crowd.add(1, 'b');
  return crowd;
}

const JOINED = { type: 'joined', total: 3 } as const;

test('all have joined when the last node sees the last other', () => {
  const crowd = makeCrowd();
  crowd.note(0, member('b', 'alive'), 1);
  crowd.note(0, member('c', 'alive'), 2);
  crowd.note(1, member('a', 'alive'), 3);
  assert.equal(crowd.met(JOINED), undefined);
  crowd.note(1, member('c', 'suspect'), 4);
  assert.equal(crowd.met(JOINED), 4);
});

test('a node that loses sight of another has not joined any more', () => {
  const crowd = makeCrowd();
  for (const [node, id] of [
    [0, 'b'],
    [0, 'c'],
    [1, 'a'],
    [1, 'c'],
  ] as const)
    crowd.note(node, member(id, 'alive'), 1);
  crowd.note(1, member('c', 'down'), 2);
  assert.equal(crowd.met(JOINED), undefined);
  crowd.note(1, member('c', 'alive'), 3);
  assert.equal(crowd.met(JOINED), 3);
});

test('what a node says of itself is no sight of another', () => {
  const crowd = makeCrowd();
  for (const [node, id] of [
    [0, 'a'],
    [0, 'b'],
    [1, 'b'],
    [1, 'a'],
  ] as const)
    crowd.note(node, member(id, 'alive'), 1);
  assert.equal(crowd.met(JOINED), undefined);
});

test('a cluster of one has joined since ever', () => {
  assert.equal(new Crowd().met({ type: 'joined', total: 1 }), 0);
});

test('an update has come when each node has it, once or again', () => {
  const crowd = makeCrowd();
  const condition = { type: 'updated', number: 7 } as const;
  crowd.note(0, put(7), 1);
  crowd.note(0, put(7), 2);
  crowd.note(1, put(6), 3);
  crowd.note(1, put(7, 'other'), 4);
  assert.equal(crowd.met(condition), undefined);
  crowd.note(1, put(7), 5);
  crowd.note(0, put(7), 6);
  assert.equal(crowd.met(condition), 5);
});

test('a verdict counts from the crash on, and not as a mistake', () => {
  const crowd = makeCrowd();
  const condition = { type: 'down', id: 'c' } as const;
  crowd.note(0, member('c', 'down'), 1);
  assert.equal(crowd.falseDowns, 1);
  crowd.expectDown('c');
  assert.equal(crowd.met(condition), undefined);
  crowd.note(0, member('c', 'down'), 2);
  crowd.note(1, member('c', 'suspect'), 3);
  crowd.note(1, member('c', 'down'), 4);
  assert.equal(crowd.met(condition), 4);
  assert.equal(crowd.falseDowns, 1);
  assert.equal(crowd.suspicions, 0);
});

test('a verdict that was taken back is none', () => {
  const crowd = makeCrowd();
  crowd.expectDown('c');
  crowd.note(0, member('c', 'down'), 1);
  crowd.note(1, member('c', 'down'), 2);
  crowd.note(1, member('c', 'alive'), 3);
  assert.equal(crowd.met({ type: 'down', id: 'c' }), undefined);
});

test('nobody waits for a node that has crashed, nor counts what it says', () => {
  const crowd = makeCrowd();
  crowd.expectDown('b');
  crowd.note(0, member('b', 'down'), 1);
  crowd.remove(1);
  assert.equal(crowd.met({ type: 'down', id: 'b' }), 1);
  crowd.note(1, member('a', 'down'), 2);
  assert.equal(crowd.falseDowns, 0);
});

test('suspicions of members that live are counted', () => {
  const crowd = makeCrowd();
  crowd.note(0, member('b', 'suspect'), 1);
  crowd.note(1, member('a', 'suspect'), 1);
  assert.equal(crowd.suspicions, 2);
});
