import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode, encode } from 'cborg';
import { decodeCertificate } from '#runtime/pki/certificate.ts';
import { encodeClaims } from '#runtime/pki/certificate-claims.ts';
import type { SignedKind } from '#runtime/pki/cose-sign1.ts';
import { DEFAULT_POLICY, signPolicy, verifyPolicy } from '#runtime/pki/policy.ts';
import { formatSeconds, type Judged } from '#runtime/pki/refusal.ts';
import { signRequest, verifyRequest } from '#runtime/pki/request.ts';
import { signRevocation, verifyRevocation } from '#runtime/pki/revocation.ts';
import { decodeRoot, signRoot } from '#runtime/pki/root.ts';
import { signRoster, verifySignedRoster } from '#runtime/pki/signed-roster.ts';
import { handSigned } from '../../../../scripts/vectors/pki-parts.ts';
import { anchors, CLUSTER, claimsOf, DEVICE, provider, ROOT, reasonOf, START } from '../../../support/pki.ts';

/** What stands in no place of any signed object. */
const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  '',
  'a\nb',
  'x'.repeat(200),
  new Uint8Array(3),
  [1],
  new Map([[1, 1]]),
];

const { agreementKey } = claimsOf(DEVICE);
const target = { kind: 'node', id: new Uint8Array(16) } as const;

interface Sort {
  readonly payload: Uint8Array;
  readonly judge: (bytes: Uint8Array) => Judged<unknown>;
  /** Of these places another of the values above may be right. */
  readonly lenient?: (place: number, value: unknown) => boolean;
}

/** A payload that our own code made, out of the signed object. */
const payloadOf = (bytes: Uint8Array) =>
  (decode(bytes, { useMaps: true }) as Uint8Array[])[2] ?? new Uint8Array(0);

const SORTS: Readonly<Record<Exclude<SignedKind, 'certificate'>, Sort>> = {
  root: {
    payload: payloadOf(
      signRoot(provider, ROOT, {
        cluster: CLUSTER,
        issuedAt: START,
        expires: START + 9,
        publicKey: ROOT.publicKey,
      }),
    ),
    judge: (bytes) => decodeRoot(provider, bytes),
  },
  request: {
    payload: payloadOf(signRequest(provider, DEVICE, { cluster: CLUSTER, name: 'roof', agreementKey })),
    judge: (bytes) => verifyRequest(provider, bytes),
  },
  revocation: {
    payload: payloadOf(
      signRevocation(provider, ROOT, { cluster: CLUSTER, revokedAt: START, target, reason: 'x' }),
    ),
    judge: (bytes) => verifyRevocation(anchors(), bytes),
    lenient: (place, value) => place === 4 && value === '',
  },
  policy: {
    payload: payloadOf(
      signPolicy(provider, ROOT, { ...DEFAULT_POLICY, cluster: CLUSTER, issuedAt: START, number: 1 }),
    ),
    judge: (bytes) => verifyPolicy(anchors(), bytes),
  },
  roster: {
    payload: payloadOf(
      signRoster(provider, ROOT, {
        cluster: CLUSTER,
        issuedAt: START,
        roster: { version: 1, voters: [DEVICE.id], previous: [] },
      }),
    ),
    judge: (bytes) => verifySignedRoster(anchors(), bytes),
  },
};

for (const [kind, { payload, judge, lenient }] of Object.entries(SORTS)) {
  describe(`a ${kind} by the right key`, () => {
    const items = decode(payload, { useMaps: true }) as unknown[];
    const signed = (content: unknown) => handSigned(ROOT, encode(content), { typ: `gridvine-${kind}` });

    test('is malformed with anything else in any place', () => {
      for (let place = 0; place < items.length; place++)
        for (const value of WRONG) {
          if (lenient?.(place, value)) continue;
          const changed = items.map((item, at) => (at === place ? value : item));
          assert.equal(reasonOf(judge(signed(changed))), 'malformed', `${place}: ${String(value)}`);
        }
    });

    test('is malformed when something is missing, and takes more at its end', () => {
      for (let length = 0; length < items.length; length++)
        assert.equal(reasonOf(judge(signed(items.slice(0, length)))), 'malformed', `${length} items`);
      assert.equal(reasonOf(judge(signed('text'))), 'malformed');
      assert.notEqual(reasonOf(judge(signed([...items, 'of a later version']))), 'malformed');
    });
  });
}

describe('a certificate by the right key', () => {
  const claims = decode(encodeClaims(claimsOf(DEVICE)), { useMaps: true }) as ReadonlyMap<number, unknown>;
  const judge = (content: unknown) =>
    reasonOf(decodeCertificate(provider, handSigned(ROOT, encode(content), { typ: 'gridvine-certificate' })));

  test('is malformed with any claim missing or anything else in its place', () => {
    assert.equal(judge(claims), 'accepted');
    for (const key of claims.keys()) {
      const without = new Map(claims);
      without.delete(key);
      assert.equal(judge(without), 'malformed', `without ${key}`);
      for (const value of WRONG)
        assert.equal(judge(new Map(claims).set(key, value)), 'malformed', `${key}: ${String(value)}`);
    }
  });

  test('is malformed with a wrong key, time, group or issuer, and takes claims of a later version', () => {
    const good = claims.get(8) as Map<number, Map<number, unknown>>;
    const key = good.get(1) ?? new Map<number, unknown>();
    for (const [label, value] of [
      [1, 2],
      [-1, 4],
      [-2, new Uint8Array(32)],
      [-2, new Uint8Array(31)],
    ] as const)
      assert.equal(
        judge(new Map(claims).set(8, new Map([[1, new Map(key).set(label, value)]]))),
        'malformed',
      );
    for (const [claim, value] of [
      [4, START],
      [4, START + 60 * 366 * 86_400],
      [6, START + 9e9],
      [-65_538, ['b', 'a']],
      [-65_538, ['a', 'a']],
      [-65_538, ['A']],
      [-65_538, Array.from({ length: 17 }, (_, i) => `g${String.fromCharCode(97 + i)}`)],
      [-65_539, [['a']]],
      [-65_539, [['a'], 0]],
      [-65_539, [[1], 10]],
      [-65_539, null],
    ] as const)
      assert.equal(judge(new Map(claims).set(claim, value)), 'malformed', `${claim}: ${String(value)}`);
    assert.equal(judge(new Map(claims).set(-65_539, [['a'], 10])), 'accepted');
    assert.equal(judge(new Map(claims).set(-70_000, 'later')), 'accepted');
  });
});

test('times far beyond are shown as numbers', () => {
  assert.equal(formatSeconds(START), '2026-01-01 00:00:00Z');
  assert.equal(formatSeconds(253_402_300_800), '253402300800 s');
});
