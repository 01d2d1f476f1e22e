import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom, shuffle } from '#runtime/core/random.ts';
import {
  type Revocation,
  type RevocationClaims,
  signRevocation,
  verifyRevocation,
} from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  DEVICE,
  OTHER_ROOT,
  provider,
  ROOT,
  reasonOf,
  rootBytes,
  START,
} from '../../../support/pki.ts';

const both = anchors(rootBytes(), rootBytes(OTHER_ROOT, ROOT));

function claims(fill: number, changes: Partial<RevocationClaims> = {}): RevocationClaims {
  const target = { kind: 'certificate', serial: new Uint8Array(16).fill(fill) } as const;
  return { cluster: CLUSTER, revokedAt: START + fill, target, reason: `case ${fill}`, ...changes };
}

const revocation = (fill: number, root = ROOT): Revocation =>
  accepted(verifyRevocation(both, signRevocation(provider, root, claims(fill))));

function setOf(...revocations: readonly Revocation[]): RevocationSet {
  const set = new RevocationSet();
  for (const one of revocations) set.add(one);
  return set;
}

test('[P-11.7] sets merge in any order to one hash, and merging again changes nothing', () => {
  const all = [1, 2, 3, 4, 5].map((fill) => revocation(fill));
  const expected = toHex(setOf(...all).hash(provider));
  const random = new SeededRandom(5);
  for (let round = 0; round < 10; round++) {
    const parts = shuffle(random, [...all]);
    const [a, b] = [setOf(...parts.slice(0, 3)), setOf(...parts.slice(2))];
    assert.equal(a.merge(b), true);
    assert.equal(a.merge(b), false);
    assert.equal(toHex(a.hash(provider)), expected);
    assert.notEqual(toHex(b.hash(provider)), expected);
    assert.equal(a.size, 5);
  }
});

test('the same revocation by two roots counts once, and both statements are kept', () => {
  const one = setOf(revocation(1));
  const two = setOf(revocation(1), revocation(1, OTHER_ROOT));
  assert.deepEqual(two.hash(provider), one.hash(provider));
  assert.equal(two.size, 1);
  assert.equal(two.statements.length, 2);
});

test('the hash of the empty set is that of nothing, and callers can not change a kept one', () => {
  const set = new RevocationSet();
  const hash = set.hash(provider);
  assert.equal(toHex(hash), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  hash.fill(0);
  assert.notDeepEqual(set.hash(provider), hash);
});

test('a certificate is found by its serial, a node by its id, the earliest statement first', () => {
  const later = accepted(
    verifyRevocation(
      both,
      signRevocation(provider, ROOT, claims(1, { revokedAt: START + 99, reason: 'again' })),
    ),
  );
  const set = setOf(later, revocation(1));
  assert.equal(set.find(new Uint8Array(16).fill(1), DEVICE.id)?.reason, 'case 1');
  assert.equal(set.contains(new Uint8Array(16).fill(2), DEVICE.id), false);
  assert.equal(set.findNode(DEVICE.id), undefined);
  assert.equal(set.add(later), 'known');
});

test('only a root of this cluster revokes, and a changed statement is refused', () => {
  const roots = anchors();
  const verdict = (bytes: Uint8Array) => reasonOf(verifyRevocation(roots, bytes));
  assert.equal(verdict(signRevocation(provider, ROOT, claims(1))), 'accepted');
  assert.equal(verdict(signRevocation(provider, OTHER_ROOT, claims(1))), 'unknown-issuer');
  assert.equal(verdict(signRevocation(provider, DEVICE, claims(1))), 'unknown-issuer');
  assert.equal(verdict(signRevocation(provider, ROOT, claims(1, { cluster: 'valley' }))), 'wrong-cluster');
  assert.equal(verdict(rootBytes()), 'wrong-key-use');
  const bytes = signRevocation(provider, ROOT, claims(1));
  for (let length = 0; length < bytes.length; length++)
    assert.equal(verdict(bytes.subarray(0, length)), 'truncated');
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 1;
    assert.notEqual(verdict(changed), 'accepted', `byte ${at}`);
  }
});

test('what can not be said is not signed', () => {
  const sign = (changes: Partial<RevocationClaims>) => () =>
    signRevocation(provider, ROOT, claims(1, changes));
  assert.throws(sign({ reason: 'x'.repeat(129) }), /reason: expected at most 128/);
  assert.throws(sign({ reason: 'a\nb' }), /control characters/);
  assert.throws(sign({ revokedAt: -1 }), /revoked at/);
  assert.throws(sign({ cluster: '' }), /cluster/);
  assert.throws(sign({ target: { kind: 'node', id: new Uint8Array(15) } }), /target: expected 16/);
});
