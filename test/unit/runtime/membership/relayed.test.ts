import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import type { Member } from '#runtime/membership/member.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import { isOutOfSight, relaysOf, relaysToProbe } from '#runtime/membership/relayed.ts';

const NOW_MS = 100_000;

function table() {
  const members = new MemberTable(() => undefined);
  const know = (name: string, relays?: readonly string[], state: 'alive' | 'left' = 'alive'): Member =>
    members.applyFacts(
      name,
      makeVersion(1, 1),
      {
        name,
        incarnation: 0,
        state,
        endpoints: [{ transport: 'udp', address: '10.0.0.1', port: 1 }],
        ...(relays !== undefined && { relays }),
        tags: {},
        protocol: 1,
      },
      0,
    );
  const proves = (
    member: Member,
    { by = null, atMs = NOW_MS - 1 }: { by?: string | null; atMs?: number },
  ) => {
    member.lastHelper = by;
    member.noteAnswer(atMs);
  };
  const isHidden = (target: Member, answered: readonly string[] = []) =>
    isOutOfSight(target, { members, answered: new Set(answered), nowMs: NOW_MS });
  return { members, know, proves, isHidden };
}

test('[P-19.11] who reaches the relays of a member with help only can not tell whether it is gone', () => {
  const { know, proves, isHidden } = table();
  const gate = know('gate');
  const board = know('board', ['gate']);
  proves(gate, { by: 'helper' });
  assert.equal(isHidden(board), true);
  assert.equal(isHidden(board, ['gate']), false, 'the relay itself said that it hears nothing');
  proves(gate, {});
  assert.equal(isHidden(board), false, 'the relay is reached, and does not answer for it');
});

test('[P-19.11] who reached a member itself misses it, whatever it reaches of its relays', () => {
  const { know, proves, isHidden } = table();
  proves(know('gate'), { by: 'helper' });
  const board = know('board', ['gate']);
  proves(board, { atMs: 1 });
  assert.equal(isHidden(board), false);
  proves(board, { by: 'gate', atMs: 1 });
  assert.equal(isHidden(board), true, 'with help it is no way of its own');
});

test('[P-19.11] relays that nobody reaches vouch for nothing: two that name each other do not live for ever', () => {
  const { know, proves, isHidden, members } = table();
  const one = know('one', ['two']);
  const two = know('two', ['one']);
  assert.equal(isHidden(one), false);
  proves(two, { by: 'helper', atMs: NOW_MS - 60_001 });
  assert.equal(isHidden(one), false, 'not so long ago');
  assert.deepEqual(relaysToProbe(one, members, NOW_MS), [two]);
  proves(two, { by: 'helper' });
  assert.deepEqual(relaysToProbe(one, members, NOW_MS), []);
  assert.equal(isHidden(one), true);
});

test('a member is no relay of its own, and neither is who has left or is not known', () => {
  const { know, proves, isHidden, members } = table();
  know('gone', undefined, 'left');
  const board = know('board', ['board', 'gone', 'nobody']);
  assert.deepEqual(relaysOf(board, members), []);
  assert.equal(isHidden(board), false);
  const plain = know('plain');
  proves(plain, { by: 'helper' });
  assert.equal(isHidden(plain), false, 'who names none is judged as ever');
});
