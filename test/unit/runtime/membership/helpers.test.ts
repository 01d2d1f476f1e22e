import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { chooseHelpers } from '#runtime/membership/helpers.ts';
import { Member } from '#runtime/membership/member.ts';

interface About {
  readonly address?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly link?: string;
}

function member(id: string, { address = '10.0.0.1', tags = {}, link }: About = {}): Member {
  const endpoints = [{ transport: 'udp', address, port: 1 }] as const;
  const facts = { name: id, incarnation: 0, state: 'alive', endpoints, tags, protocol: 1 } as const;
  const made = new Member(id, { facts, boot: 1, nodeVersion: makeVersion(1, 1), state: 'alive', nowMs: 0 });
  if (link !== undefined) made.heard = { ...made.heard, segment: link, segmentUntilMs: 10_000 };
  return made;
}

function many(prefix: string, about: About): Member[] {
  return Array.from({ length: 6 }, (_, i) => member(`${prefix}${i}`, about));
}

/** How many of each kind, by the first letter of their ids; checked over several seeds. */
function kinds(target: Member, candidates: readonly Member[], count = 3): Record<string, number>[] {
  return Array.from({ length: 20 }, (_, seed) => {
    const helpers = chooseHelpers(target, candidates, { count, nowMs: 0, random: new SeededRandom(seed) });
    assert.equal(new Set(helpers).size, helpers.length);
    const found: Record<string, number> = {};
    for (const { id } of helpers) found[id[0]] = (found[id[0]] ?? 0) + 1;
    return found;
  });
}

for (const [what, near, far] of [
  ['the link on which they are heard', { link: 'eth0' }, { link: 'eth1' }],
  ['whether they are heard at all', {}, { link: 'eth0' }],
  ['the tag segment', { tags: { segment: 'roof', site: 'a' } }, { tags: { segment: 'barn', site: 'a' } }],
  ['the tag site', { tags: { site: 'a' } }, { tags: { site: 'b' } }],
  ['their subnet', { address: '10.1.2.3' }, { address: '10.1.3.3' }],
  ['their IPv6 subnet', { address: '2001:db8:0:1::5' }, { address: '2001:db8:0:2::5' }],
] as const) {
  test(`two of three helpers stand where the target stands, by ${what}`, () => {
    const candidates = [...many('n', near), ...many('f', far)];
    for (const found of kinds(member('t', near), candidates)) assert.deepEqual(found, { n: 2, f: 1 });
  });
}

test('where all stand in one place, all helpers come from there', () => {
  for (const found of kinds(member('t'), many('n', {}))) assert.deepEqual(found, { n: 3 });
});

test('where nobody stands by the target, all come from elsewhere', () => {
  const candidates = many('f', { tags: { site: 'b' } });
  for (const found of kinds(member('t', { tags: { site: 'a' } }), candidates))
    assert.deepEqual(found, { f: 3 });
});

test('who reached it the last time is asked first, wherever it stands', () => {
  const target = member('t', { tags: { site: 'a' } });
  const proven = member('p', { tags: { site: 'b' } });
  target.lastHelper = proven.id;
  const candidates = [...many('n', { tags: { site: 'a' } }), ...many('f', { tags: { site: 'b' } }), proven];
  for (const found of kinds(target, candidates)) assert.deepEqual(found, { p: 1, f: 1, n: 1 });
  for (const found of kinds(target, candidates, 1)) assert.deepEqual(found, { p: 1 });
});

test('no more are asked than there are, and nobody where none are wanted', () => {
  const target = member('t');
  const [a, b] = many('n', {});
  for (const found of kinds(target, [a, b], 8)) assert.deepEqual(found, { n: 2 });
  for (const found of kinds(target, [a, b], 0)) assert.deepEqual(found, {});
  for (const found of kinds(target, [])) assert.deepEqual(found, {});
});

test('those that this node reached lately come before those that it may not reach at all', () => {
  const target = member('t', { tags: { site: 'a' } });
  const candidates = [...many('n', { tags: { site: 'a' } }), ...many('f', { tags: { site: 'b' } })];
  const reached = candidates.filter(({ id }) => ['n3', 'n5', 'f2'].includes(id));
  for (const each of reached) each.provedAtMs = 0;
  const random = new SeededRandom(1);
  assert.deepEqual(
    new Set(chooseHelpers(target, candidates, { count: 3, nowMs: 60_000, random })),
    new Set(reached),
  );
});
