import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '#runtime/membership/ring.ts';

test('the ring goes round once from any id on, its own left out', () => {
  const ring = new Ring();
  for (const id of ['d', 'a', 'c', 'b', 'a']) ring.add(id);
  assert.equal(ring.size, 4);
  assert.deepEqual([...ring.after('c')], ['d', 'a', 'b']);
  assert.deepEqual([...ring.after('d')], ['a', 'b', 'c']);
  assert.deepEqual([...ring.after('bb')], ['c', 'd', 'a', 'b']);
  assert.deepEqual([...ring.after('z')], ['a', 'b', 'c', 'd']);
});

test('who was removed is passed over; removing a stranger changes nothing', () => {
  const ring = new Ring();
  for (const id of ['a', 'b', 'c']) ring.add(id);
  ring.remove('b');
  ring.remove('bb');
  assert.ok(!ring.has('b') && ring.has('a'));
  assert.deepEqual([...ring.after('a')], ['c']);
});

test('alone or empty, nobody follows', () => {
  const ring = new Ring();
  assert.deepEqual([...ring.after('a')], []);
  ring.add('a');
  assert.deepEqual([...ring.after('a')], []);
});

test('each id has one before and one behind it, whether it is on the ring or not', () => {
  const ring = new Ring();
  assert.deepEqual(ring.besides('b'), []);
  ring.add('b');
  assert.deepEqual(ring.besides('b'), []);
  assert.deepEqual(ring.besides('a'), ['b', 'b']);
  for (const id of ['d', 'f']) ring.add(id);
  assert.deepEqual(ring.besides('b'), ['f', 'd']);
  assert.deepEqual(ring.besides('d'), ['b', 'f']);
  assert.deepEqual(ring.besides('f'), ['d', 'b']);
  assert.deepEqual(ring.besides('a'), ['f', 'b']);
  assert.deepEqual(ring.besides('c'), ['b', 'd']);
  assert.deepEqual(ring.besides('z'), ['f', 'b']);
});
