import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { PresenceAnchors } from '#runtime/trust/presence-anchors.ts';
import {
  ChainWalk,
  decodeAnchor,
  encodeAnchor,
  PresenceChain,
  slotOf,
} from '#runtime/trust/presence-chain.ts';
import { PresenceLinks } from '#runtime/trust/presence-links.ts';
import { ANN, BEN, provider } from '../../../support/wire.ts';

const SEED = new Uint8Array(16).fill(9);

function chainOf(length = 50, { owner = ANN, boot = 1, startMs = 1_000, sha256 = provider.sha256 } = {}) {
  return new PresenceChain(new ChainWalk(sha256, owner, boot), { startMs, slotMs: 100, length, seed: SEED });
}

test('[P-6.25] each link is the hash of the next one, and every one can be had in any order, from little memory', () => {
  for (const length of [1, 2, 50, 64, 2_048]) {
    const chain = chainOf(length);
    const walk = new ChainWalk(nobleProvider.sha256, ANN, 1);
    assert.deepEqual(walk.down(chain.link(1), 1, 0), chain.anchor);
    for (const place of [length, 1, Math.ceil(length / 2)])
      assert.deepEqual(walk.down(chain.link(place), place, 0), chain.anchor, `${place} of ${length}`);
    assert.deepEqual(chain.link(length), SEED);
    assert.ok(chain.bytes <= 2 * 16 * Math.ceil(Math.sqrt(length)));
  }
});

test('[P-6.25] a chain belongs to one owner and one boot', () => {
  const { anchor } = chainOf();
  for (const other of [chainOf(50, { owner: BEN }), chainOf(50, { boot: 2 })])
    assert.notDeepEqual(other.anchor, anchor);
});

test('an anchor survives its record, and one that breaks the specification is none', () => {
  const { anchor } = chainOf();
  const good = { startMs: 1_000, slotMs: 100, length: 50, anchor };
  assert.deepEqual(decodeAnchor(encodeAnchor(good)), good);
  const bad = [
    { ...good, startMs: -1 },
    { ...good, startMs: 0.5 },
    { ...good, slotMs: 0 },
    { ...good, slotMs: 3_600_001 },
    { ...good, length: 0 },
    { ...good, length: 4_097 },
    { ...good, anchor: anchor.slice(1) },
  ];
  for (const each of bad) assert.equal(decodeAnchor(encodeAnchor(each)), undefined, JSON.stringify(each));
  for (const value of [null, {}, 'anchor', [1, 2, 3, 'text']]) assert.equal(decodeAnchor(value), undefined);
});

test('[P-6.26] a link counts once, after a bounded walk, and never after a later one', () => {
  const chain = chainOf();
  const anchors = new PresenceAnchors(provider.sha256);
  const at = (place: number, link = chain.link(place)) =>
    anchors.check(ANN, { boot: 1, uptimeMs: 1_000 + (place - 1) * 100 + 40, link }, 0);
  assert.equal(at(1).verdict, 'unknown');
  anchors.announce(ANN, 1, chain);
  assert.deepEqual(at(3), { verdict: 'valid', sinceMs: 1_200, slotMs: 100 });
  assert.equal(at(3).verdict, 'known');
  assert.equal(at(2).verdict, 'known');
  assert.equal(at(4, chain.link(5)).verdict, 'wrong');
  assert.equal(at(5, chain.link(4)).verdict, 'wrong');
  assert.equal(at(50).verdict, 'valid');
  assert.equal(anchors.check(ANN, { boot: 1, uptimeMs: 999, link: SEED }, 0).verdict, 'unknown');
  assert.equal(anchors.check(ANN, { boot: 2, uptimeMs: 1_000, link: SEED }, 0).verdict, 'unknown');
  assert.equal(anchors.check(BEN, { boot: 1, uptimeMs: 1_000, link: SEED }, 0).verdict, 'unknown');
});

test('[P-6.26] made-up links cost so many hashes a second; then none is judged until there is time again', () => {
  let hashes = 0;
  const sha256 = (data: Uint8Array) => {
    hashes++;
    return provider.sha256(data);
  };
  const chain = chainOf(4_096);
  const anchors = new PresenceAnchors(sha256);
  anchors.announce(ANN, 1, chain);
  const said = { boot: 1, uptimeMs: 1_000 + 4_000 * 100, link: SEED };
  const verdicts = Array.from({ length: 20 }, () => anchors.check(ANN, said, 0).verdict);
  assert.ok(verdicts.includes('wrong') && verdicts.at(-1) === 'unknown');
  assert.ok(hashes <= 20_000);
  assert.equal(anchors.check(ANN, { ...said, link: chain.link(4_001) }, 1_000).verdict, 'valid');
});

test('[P-6.25] the next chain is announced before the first ends, and both are good meanwhile', () => {
  const links = new PresenceLinks({ sha256: provider.sha256, owner: ANN, drawSeed: () => SEED, length: 64 });
  const anchors = new PresenceAnchors(provider.sha256);
  const announced: number[] = [];
  for (let uptimeMs = 5_000; uptimeMs < 305_000; uptimeMs += 1_200) {
    const { link, announce } = links.at(uptimeMs, { boot: 1, gapMs: 1_500 });
    if (announce !== undefined) {
      announced.push(uptimeMs);
      assert.ok(announce.startMs - uptimeMs === 0 || announce.startMs - uptimeMs >= 20_000);
      anchors.announce(ANN, 1, announce);
    }
    const { verdict, sinceMs, slotMs } = anchors.check(ANN, { boot: 1, uptimeMs, link }, uptimeMs);
    assert.equal(verdict, 'valid', `at ${uptimeMs}`);
    assert.ok(sinceMs <= uptimeMs && uptimeMs < sinceMs + slotMs);
  }
  assert.ok(announced.length >= 6);
});

test('[P-6.25] after a long silence, in another boot, or when presences come more often, a chain begins at once', () => {
  const links = new PresenceLinks({ sha256: provider.sha256, owner: ANN, drawSeed: () => SEED, length: 64 });
  const starts = [
    links.at(1_000, { boot: 1, gapMs: 6_000 }),
    links.at(9_000_000, { boot: 1, gapMs: 6_000 }),
    links.at(9_001_000, { boot: 2, gapMs: 6_000 }),
    links.at(9_002_000, { boot: 2, gapMs: 1_500 }),
    links.at(9_004_000, { boot: 2, gapMs: 1_500 }),
  ].map(({ announce }) => announce && [announce.startMs, announce.slotMs]);
  assert.deepEqual(starts, [
    [1_000, 3_000],
    [9_000_000, 3_000],
    [9_001_000, 3_000],
    [9_002_000, 750],
    undefined,
  ]);
});

test('a slot is a part of the owner uptime, from 1 on', () => {
  const chain = chainOf(3);
  assert.deepEqual(
    [999, 1_000, 1_099, 1_100, 1_299, 1_300].map((uptimeMs) => slotOf(chain, uptimeMs)),
    [undefined, 1, 1, 2, 3, undefined],
  );
});
