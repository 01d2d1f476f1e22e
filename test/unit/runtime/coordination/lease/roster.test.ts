import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adoptionOf } from '#runtime/coordination/lease/adoption.ts';
import { Learning } from '#runtime/coordination/lease/learning.ts';
import { problemOfLeaseName } from '#runtime/coordination/lease/lease-name.ts';
import { nameRoster } from '#runtime/coordination/lease/roster.ts';
import { LEASE_RULES } from '#runtime/coordination/lease/rules.ts';
import { problemOfRoster } from '#runtime/core/roster.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';

const ids = (text: string) => [...text].map((letter) => letter.repeat(32));
const roster = (version: number, voters: string, previous = '') =>
  nameRoster(nobleProvider, { version, voters: ids(voters), previous: ids(previous) });
const [A] = ids('a');

test('names are short words, and what is wrong with others is said', () => {
  for (const name of ['uplink', 'grid-forming.north_2', '0', 'a'.repeat(64)])
    assert.equal(problemOfLeaseName(name), undefined);
  assert.match(problemOfLeaseName('sites/uplink') ?? '', /not a path; write dots/);
  assert.match(problemOfLeaseName('a'.repeat(65)) ?? '', /at most 64 characters; got 65/);
  for (const name of ['', 'Uplink', '-a', 'a b', '.', 'ü', 'a\n'])
    assert.match(problemOfLeaseName(name) ?? '', /expected a name of a-z/, name);
});

test('a roster names its faults by their place', () => {
  assert.equal(problemOfRoster({ version: 1, voters: ids('abc'), previous: [] }), undefined);
  const wrong = (change: object) =>
    problemOfRoster({ version: 1, voters: ids('abc'), previous: [], ...change });
  assert.match(wrong({ version: 0 }) ?? '', /^version: .* got 0/);
  assert.match(wrong({ voters: [] }) ?? '', /^voters: .* got none/);
  assert.match(wrong({ voters: ids('01234567') }) ?? '', /^voters: .* at most 7/);
  assert.match(wrong({ voters: ids('aba') }) ?? '', /^voters\[2\]: .* once/);
  assert.match(wrong({ previous: ['roof'] }) ?? '', /^previous\[0\]: .* "roof"/);
});

test('the order of voters changes no mark, anything else does', () => {
  assert.equal(roster(1, 'abc').mark, roster(1, 'cab').mark);
  const marks = [
    roster(1, 'abc'),
    roster(2, 'abc'),
    roster(1, 'abd'),
    roster(1, 'abc', 'a'),
    roster(1, 'ab', 'c'),
  ];
  assert.equal(new Set(marks.map(({ mark }) => mark)).size, marks.length);
});

test('a quorum is a majority of each set', () => {
  const isQuorum = (of: ReturnType<typeof roster>, granted: string) =>
    LEASE_RULES.isQuorum(of, new Set(ids(granted)));
  assert.ok(isQuorum(roster(1, 'a'), 'a') && !isQuorum(roster(1, 'a'), 'b'));
  assert.ok(isQuorum(roster(1, 'abcd'), 'abc') && !isQuorum(roster(1, 'abcd'), 'ab'));
  const joint = roster(2, 'cde', 'abc');
  assert.ok(isQuorum(joint, 'cda') && isQuorum(joint, 'bcd'));
  assert.ok(!isQuorum(joint, 'cde') && !isQuorum(joint, 'abc'));
});

test('a roster is followed, learnt, waited for or refused as its history asks [P-17.10]', () => {
  const none = { roster: undefined, settled: true };
  const following = (version: number, voters: string, settled = true, previous = '') => ({
    roster: roster(version, voters, previous),
    settled,
  });
  // The first of all, and one that others vouch for.
  assert.equal(adoptionOf(roster(1, 'abc'), none, A), 'follows');
  assert.equal(adoptionOf(roster(3, 'abc', 'bcd'), none, A), 'follows');
  assert.equal(adoptionOf(roster(3, 'abc', 'abd'), none, A), 'learns');
  assert.equal(adoptionOf(roster(3, 'abc'), none, A), 'learns');
  // Never back, and no two of one version.
  assert.equal(adoptionOf(roster(2, 'abc'), following(3, 'abd'), A), 'stays');
  assert.equal(adoptionOf(roster(3, 'abd'), following(3, 'abd'), A), 'stays');
  assert.equal(adoptionOf(roster(3, 'abc'), following(3, 'abd'), A), 'conflict');
  // The next one, and one too many.
  assert.equal(adoptionOf(roster(4, 'aef', 'abd'), following(3, 'abd'), A), 'follows');
  assert.equal(adoptionOf(roster(4, 'aef', 'abd'), following(3, 'abd', false), A), 'waits');
  assert.equal(adoptionOf(roster(4, 'abd'), following(3, 'abd'), A), 'follows');
  assert.equal(adoptionOf(roster(5, 'aef', 'abe'), following(3, 'abd'), A), 'learns');
  // Who has no vote anywhere has nothing to forget.
  assert.equal(adoptionOf(roster(5, 'bcd'), following(3, 'ef0', false), A), 'follows');
});

test('who has forgotten hears as many others as every majority needs to have one among them [P-17.11]', () => {
  const missing = (voters: string, own: 'intact' | 'lost', previous = '') =>
    new Learning(roster(1, voters, previous), A, own).missing;
  assert.deepEqual(
    ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdef0'].map((voters) => missing(voters, 'lost')),
    [1, 1, 2, 2, 3, 3, 4],
  );
  assert.deepEqual(
    ['a', 'ab', 'abc', 'abcd', 'abcde'].map((voters) => missing(voters, 'intact')),
    [0, 1, 1, 2, 2],
  );
  assert.equal(missing('a', 'intact', 'bcd'), 2);
  const learning = new Learning(roster(1, 'abc'), A, 'lost');
  learning.note(ids('b')[0], 7);
  learning.note(ids('b')[0], 9);
  learning.note(ids('d')[0], 99);
  assert.equal(learning.missing, 1);
  learning.note(ids('c')[0], 3);
  assert.deepEqual([learning.missing, learning.top], [0, 9]);
});
