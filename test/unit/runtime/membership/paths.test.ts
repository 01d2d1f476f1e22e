import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, isNamed, namedEndpoint } from '#runtime/core/endpoint.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { chooseHelpers } from '#runtime/membership/helpers.ts';
import { Member } from '#runtime/membership/member.ts';
import {
  decodeNodeFacts,
  encodeNodeFacts,
  fitEndpoints,
  type NodeFacts,
} from '#runtime/membership/node-facts.ts';
import { Paths } from '#runtime/membership/paths.ts';

const udp = (n: number): Endpoint => ({ transport: 'udp', address: `10.0.0.${n}`, port: 1 });
const http = (n: number): Endpoint => ({ transport: 'http', address: `10.0.0.${n}`, port: 1 });

function pathsOf(...places: Endpoint[]): Paths {
  const paths = new Paths();
  paths.setPlaces(places);
  return paths;
}

test('[P-19.10] where nothing is known the cheapest way is taken, and what works before what is only known', () => {
  const paths = pathsOf(http(1), udp(1));
  assert.deepEqual(paths.best, udp(1));
  paths.noteOk(http(1), 5);
  assert.deepEqual(paths.best, http(1));
  paths.noteOk(udp(1), 6);
  assert.deepEqual(paths.best, udp(1));
});

test('[P-19.10] three unanswered pings in a row give a way up, an answer in between counts them anew', () => {
  const paths = pathsOf(udp(1), http(1));
  paths.noteOk(udp(1), 0);
  paths.noteOk(http(1), 0);
  assert.equal(paths.noteMissed(udp(1), 2, 10), false);
  paths.noteOk(udp(1), 20);
  assert.equal(paths.noteMissed(udp(1), 2, 30), false);
  assert.deepEqual(paths.best, udp(1));
  assert.equal(paths.noteMissed(udp(1), 1, 40), true);
  assert.deepEqual(paths.best, http(1));
  assert.equal(paths.standing('udp'), 'silent');
});

test('where no way works they take turns, that which was silent longest first', () => {
  const paths = pathsOf(udp(1), http(1));
  paths.noteSilent(udp(1), 1);
  assert.deepEqual(paths.best, http(1));
  paths.noteSilent(http(1), 2);
  assert.deepEqual(paths.best, udp(1));
  paths.noteSilent(udp(1), 3);
  assert.deepEqual(paths.best, http(1));
  assert.deepEqual(paths.beside(http(1)), udp(1));
});

test('[P-19.10] a cheaper way is tried beside the one that works, at doubling distances up to a minute', () => {
  const paths = pathsOf(udp(1), http(1));
  assert.equal(paths.takeRetry(0), undefined, 'nothing is in use yet');
  paths.noteOk(http(1), 0);
  const tries: number[] = [];
  for (let nowMs = 0; nowMs < 300_000; nowMs += 1_000)
    if (paths.takeRetry(nowMs) !== undefined) tries.push(nowMs / 1_000);
  assert.deepEqual(tries, [0, 10, 30, 70, 130, 190, 250]);
  paths.noteOk(udp(1), 300_000);
  assert.deepEqual(paths.best, udp(1));
  assert.equal(paths.takeRetry(400_000), undefined);
});

test('[P-19.10] a cheaper way that comes and goes counts after three answers in a row, at once where nothing else works', () => {
  const paths = pathsOf(udp(1), http(1));
  for (const place of [udp(1), http(1)]) paths.noteOk(place, 0);
  const answersAt = (nowMs: number, isAnswered = true) => {
    assert.deepEqual(paths.takeRetry(nowMs), udp(1));
    if (isAnswered) paths.noteOk(udp(1), nowMs + 1);
    return paths.best?.transport;
  };
  paths.noteSilent(udp(1), 1_000);
  assert.equal(answersAt(11_000), 'udp', 'after the first time at once');
  paths.noteSilent(udp(1), 20_000);
  assert.deepEqual(
    [30_000, 40_000].map((nowMs) => answersAt(nowMs)),
    ['http', 'http'],
  );
  assert.equal(answersAt(50_000, false), 'http');
  assert.deepEqual(
    [70_000, 80_000, 90_000].map((nowMs) => answersAt(nowMs)),
    ['http', 'http', 'udp'],
  );
  paths.noteSilent(udp(1), 100_000);
  paths.noteSilent(http(1), 101_000);
  paths.noteOk(udp(1), 102_000);
  assert.deepEqual(paths.best, udp(1));
});

test('what was seen of the ways is over with the life that it was seen of', () => {
  const paths = pathsOf(udp(1), http(1));
  paths.noteOk(http(1), 5);
  paths.noteSilent(udp(1), 6);
  paths.reset();
  assert.deepEqual(paths.best, udp(1));
  assert.equal(paths.standing('http'), 'untried');
});

const facts = (about: Partial<NodeFacts> = {}): NodeFacts => ({
  name: 'x',
  incarnation: 0,
  state: 'alive',
  endpoints: [udp(1)],
  tags: {},
  protocol: 1,
  ...about,
});

function member(id: string, about: Partial<NodeFacts> = {}): Member {
  const made = new Member(id, {
    facts: facts(about),
    boot: 1,
    nodeVersion: makeVersion(1, 1),
    state: 'alive',
    nowMs: 0,
  });
  made.choosePaths(['udp', 'http']);
  return made;
}

test('[P-19.11] relays travel among the endpoints, where who does not know them passes them over', () => {
  const relays = ['ab'.repeat(16), 'cd'.repeat(16)];
  const value = encodeNodeFacts(facts({ endpoints: [http(1)], relays }));
  assert.deepEqual(decodeNodeFacts(value), facts({ endpoints: [http(1)], relays }));
  assert.equal('relays' in (decodeNodeFacts(encodeNodeFacts(facts())) ?? {}), false);
  const [, , , endpoints] = value as unknown[];
  assert.deepEqual(
    (endpoints as unknown[][]).map(([transport]) => transport),
    [2, 3, 3],
  );
});

test('[P-19.9] a member can not pass for a listener that a person named', () => {
  const named = { transport: 'http', address: '100::1', port: 443 } as const;
  const value = encodeNodeFacts(facts({ endpoints: [http(1)] })) as unknown[];
  (value[3] as unknown[]).push([2, Uint8Array.of(1, ...new Array(14).fill(0), 1), 443]);
  assert.equal(isNamed(named), true);
  assert.deepEqual(decodeNodeFacts(value as Parameters<typeof decodeNodeFacts>[0])?.endpoints, [http(1)]);
});

test('[P-19.11] after a member that nobody can call its relays are asked and none else, after another they are asked first', () => {
  const relay = member('a'.repeat(32));
  const others = Array.from({ length: 6 }, (_, i) => member(`${i}`.repeat(32)));
  const choose = (target: Member, candidates: readonly Member[]) =>
    chooseHelpers(target, candidates, { count: 3, nowMs: 0, random: new SeededRandom(1) });
  const hidden = member('b'.repeat(32), { endpoints: [], relays: [relay.id] });
  assert.deepEqual(choose(hidden, [...others, relay]), [relay]);
  assert.equal(choose(hidden, others).length, 3, 'without its relays anybody');
  const both = member('c'.repeat(32), { relays: [relay.id] });
  assert.equal(choose(both, [...others, relay])[0], relay);
});

test('a node without UDP takes none of the UDP addresses of others for a way', () => {
  const made = member('a'.repeat(32));
  assert.deepEqual(made.endpoint, udp(1));
  const seen = new Member('b'.repeat(32), {
    facts: facts(),
    boot: 1,
    nodeVersion: makeVersion(1, 1),
    state: 'alive',
    nowMs: 0,
  });
  seen.choosePaths(['http']);
  assert.equal(seen.endpoint, null);
  assert.equal(seen.askable, true);
});

test('a listener known by its name says nothing of the family by which its member is reached', () => {
  const made = member('a'.repeat(32), { endpoints: [udp(1), http(1)] });
  made.observedHttp = namedEndpoint(0, 443);
  made.choosePaths(['udp', 'http']);
  made.paths?.noteOk(made.observedHttp, 1);
  assert.deepEqual(made.paths?.takeRetry(20_000), udp(1), 'its address for UDP is tried');
});

test('[P-19.10] where nobody has HTTP a member is where it was last heard from, however many addresses it names', () => {
  const six = { transport: 'udp', address: 'fd00::1', port: 1 } as const;
  const made = member('a'.repeat(32), { endpoints: [udp(1), udp(2), six] });
  assert.deepEqual(made.endpoint, udp(1));
  made.observed = udp(2);
  made.choosePaths(['udp', 'http']);
  assert.deepEqual([made.paths, made.endpoint], [undefined, udp(2)]);
});

test('who is heard by one family of addresses is not tried by the other, but by another transport, unless all else is silent', () => {
  const six = { transport: 'udp', address: 'fd00::1', port: 1 } as const;
  const sixHttp = { ...six, transport: 'http' } as const;
  const made = member('a'.repeat(32), { endpoints: [udp(1), udp(2), six, sixHttp] });
  const ways = () => made.paths?.all().map(({ endpoint }) => endpoint);
  assert.deepEqual(ways(), [udp(1), udp(2), six, sixHttp]);
  made.observed = udp(2);
  made.choosePaths(['udp', 'http']);
  assert.deepEqual(ways(), [udp(2), udp(1), six, sixHttp]);
  assert.deepEqual(made.endpoint, udp(2));
  assert.deepEqual(made.paths?.beside(udp(2)), udp(1), 'six is no way beside it');
  for (const place of [udp(2), udp(1)]) made.paths?.noteSilent(place, 1);
  assert.deepEqual(made.endpoint, sixHttp);
  made.paths?.noteSilent(sixHttp, 2);
  assert.deepEqual(made.endpoint, six, 'nothing else is left');
});

test('listeners keep some of the places in a record, however many addresses for UDP there are', () => {
  const many = Array.from({ length: 9 }, (_, i) => udp(i));
  const { kept, cut } = fitEndpoints(many, [http(1)], 8);
  assert.deepEqual([kept.length, kept.at(-1), cut], [8, http(1), [udp(7), udp(8)]]);
  assert.deepEqual(fitEndpoints(many.slice(0, 2), [http(1), http(2)], 8).cut, []);
  assert.deepEqual(fitEndpoints([], [1, 2, 3, 4].map(http), 3).kept, [1, 2, 3].map(http));
  assert.equal(
    fitEndpoints(
      many,
      many.map((_, i) => http(i)),
      8,
    ).kept.filter(({ transport }) => transport === 'http').length,
    3,
  );
});
