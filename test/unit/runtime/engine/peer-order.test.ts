import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { PeerOrder } from '#runtime/engine/peer-order.ts';
import type { Member } from '#runtime/membership/member.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';

function membersOf(count: number): { members: MemberTable; present: () => readonly Member[] } {
  const members = new MemberTable(() => {});
  for (let i = 0; i < count; i++) know(members, `m${i}`);
  return { members, present: () => members.present() };
}

function know(members: MemberTable, name: string, state: 'alive' | 'left' = 'alive'): void {
  const facts = { name, incarnation: 0, state, endpoints: [], tags: {}, protocol: 1 };
  members.applyFacts(name, makeVersion(1, state === 'alive' ? 1 : 2), facts, 0);
}

const anybody = () => true;

test('everybody is told once before anybody is told again', () => {
  const { present } = membersOf(9);
  const order = new PeerOrder(new SeededRandom(1));
  for (let pass = 0; pass < 5; pass++) {
    const told = [1, 2, 3].flatMap(() => order.take(3, present(), anybody)).map(({ id }) => id);
    assert.equal(new Set(told).size, 9);
  }
});

test('nobody is taken twice at once, and who is not wanted or gone is passed over', () => {
  const { members, present } = membersOf(7);
  const order = new PeerOrder(new SeededRandom(2));
  order.take(2, present(), anybody);
  know(members, 'm3', 'left');
  for (let i = 0; i < 20; i++) {
    const taken = order.take(5, present(), ({ id }) => id !== 'm5').map(({ id }) => id);
    assert.equal(new Set(taken).size, 5);
    assert.ok(!taken.includes('m3') && !taken.includes('m5'));
  }
  assert.equal(order.take(10, present(), anybody).length, 6);
  assert.deepEqual(order.take(4, [], anybody), []);
});

test('in a cluster that grows, newcomers get their turn soon', () => {
  const { members, present } = membersOf(100);
  const order = new PeerOrder(new SeededRandom(3));
  order.take(1, present(), anybody);
  for (let i = 100; i < 200; i++) know(members, `m${i}`);
  const told = order.take(50, present(), anybody).map(({ id }) => Number(id.slice(1)));
  assert.ok(told.some((i) => i >= 100));
});

test('one that is named goes first, unless it is not wanted, and is not taken twice', () => {
  const { members, present } = membersOf(6);
  const order = new PeerOrder(new SeededRandom(3));
  const first = members.get('m4');
  for (let i = 0; i < 10; i++) {
    const taken = order.take(4, present(), anybody, first).map(({ id }) => id);
    assert.equal(taken[0], 'm4');
    assert.equal(new Set(taken).size, 4);
    const without = order.take(4, present(), ({ id }) => id !== 'm4', first).map(({ id }) => id);
    assert.ok(without.length === 4 && !without.includes('m4'));
  }
});
