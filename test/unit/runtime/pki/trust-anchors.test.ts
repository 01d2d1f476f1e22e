import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  DEVICE,
  identityOf,
  OTHER_ROOT,
  provider,
  ROOT,
  reasonOf,
  rootBytes,
  START,
} from '../../../support/pki.ts';

const THIRD = identityOf(202);
const keysOf = ({ roots }: TrustAnchors) => roots.map(({ publicKey }) => toHex(publicKey));
const of = (...statements: Uint8Array[]) => reasonOf(TrustAnchors.of(provider, CLUSTER, statements));

test('[P-11.9] a root names its successor: then both count, and when that names another the first no longer does', () => {
  const first = anchors();
  const second = accepted(first.withEndorsement(rootBytes(OTHER_ROOT, ROOT)));
  assert.deepEqual(
    keysOf(second),
    [ROOT, OTHER_ROOT].map(({ publicKey }) => toHex(publicKey)),
  );
  const third = accepted(second.withEndorsement(rootBytes(THIRD, OTHER_ROOT)));
  assert.deepEqual(
    keysOf(third),
    [OTHER_ROOT, THIRD].map(({ publicKey }) => toHex(publicKey)),
  );
  assert.deepEqual(keysOf(first), [toHex(ROOT.publicKey)], 'the one before is as it was');
});

test('[P-11.9] an old root that has a successor can not name another', () => {
  const second = anchors(rootBytes(), rootBytes(OTHER_ROOT, ROOT));
  assert.equal(reasonOf(second.withEndorsement(rootBytes(THIRD, ROOT))), 'wrong-key-use');
});

test('what is known already changes nothing', () => {
  const second = anchors(rootBytes(), rootBytes(OTHER_ROOT, ROOT));
  for (const bytes of [rootBytes(), rootBytes(OTHER_ROOT, ROOT), rootBytes(OTHER_ROOT)])
    assert.equal(accepted(second.withEndorsement(bytes)), second);
});

test('a root that only vouches for itself comes in by a person alone', () => {
  assert.equal(reasonOf(anchors().withEndorsement(rootBytes(OTHER_ROOT))), 'unknown-issuer');
  assert.deepEqual(keysOf(anchors(rootBytes(), rootBytes(OTHER_ROOT))).length, 2);
});

test('roots are refused that nobody known endorsed, of another cluster, forged, or none at all', () => {
  assert.equal(of(), 'malformed');
  assert.equal(of(rootBytes(OTHER_ROOT, ROOT)), 'unknown-issuer');
  assert.equal(of(rootBytes(ROOT, ROOT, 'valley')), 'wrong-cluster');
  assert.equal(of(rootBytes(), rootBytes(THIRD, DEVICE)), 'unknown-issuer');
  const forged = rootBytes();
  forged[forged.length - 1] ^= 1;
  assert.equal(of(forged), 'bad-signature');
  const endorsement = rootBytes(OTHER_ROOT, ROOT);
  endorsement[endorsement.length - 1] ^= 1;
  assert.equal(reasonOf(anchors().withEndorsement(endorsement)), 'bad-signature');
  assert.equal(of(rootBytes().subarray(0, 50)), 'truncated');
});

test('a root that ends before it begins, or has a weak key, is not signed', () => {
  const claims = { cluster: CLUSTER, issuedAt: START, expires: START, publicKey: ROOT.publicKey };
  assert.throws(() => signRoot(provider, ROOT, claims), /expected an end after/);
  const weak = { ...claims, expires: START + 1, publicKey: new Uint8Array(32) };
  assert.throws(() => signRoot(provider, ROOT, weak), /Ed25519 public key/);
});

test('the endorsement of a root that counts is known, also once the one that endorsed it is over', () => {
  const endorsement = rootBytes(OTHER_ROOT, ROOT);
  const third = anchors(rootBytes(), endorsement, rootBytes(THIRD, OTHER_ROOT));
  assert.equal(accepted(third.withEndorsement(endorsement)), third);
  assert.deepEqual(
    [ROOT, OTHER_ROOT, THIRD].map(({ publicKey }) => third.rank(provider.sha256(publicKey).subarray(0, 8))),
    [-1, 0, 1],
  );
});
