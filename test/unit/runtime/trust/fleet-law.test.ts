import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { signPolicy } from '#runtime/pki/policy.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  certified,
  DEVICE,
  identityOf,
  OTHER_ROOT,
  provider,
  ROOT,
  reasonOf,
  rootBytes,
  START,
  YEAR,
} from '../../../support/pki.ts';

function revocationOf(fill: number, revokedAt = START + fill, by = ROOT): Uint8Array {
  const target = { kind: 'node', id: fromHex(identityOf(fill).id) } as const;
  return signRevocation(provider, by, { cluster: CLUSTER, revokedAt, target, reason: 'stolen' });
}

function policyOf(number: number, by = ROOT): Uint8Array {
  return signPolicy(provider, by, {
    cluster: CLUSTER,
    number,
    issuedAt: START + number,
    writes: { 'setpoint/': ['grid'] },
    rights: { command: ['grid'], mint: ['keymaster'], vote: [] },
  });
}

const OBJECTS = [
  revocationOf(1),
  revocationOf(2),
  revocationOf(1),
  policyOf(3),
  policyOf(5),
  rootBytes(OTHER_ROOT, ROOT),
];

function law(objects: readonly Uint8Array[] = []): FleetLaw {
  const made = new FleetLaw(provider, anchors());
  for (const bytes of objects) accepted(made.take(bytes));
  return made;
}

function summary(known: FleetLaw) {
  return {
    revoked: toHex(known.revocationMark),
    policy: known.policy.number,
    roots: known.anchors.roots.map((root) => toHex(root.kid)),
    floor: known.floorSeconds,
  };
}

test('whoever has seen the same objects knows the same law, in whatever order they came', () => {
  const expected = summary(law(OBJECTS));
  fc.assert(
    fc.property(fc.shuffledSubarray(OBJECTS, { minLength: OBJECTS.length }), (objects) => {
      assert.deepEqual(summary(law(objects)), expected);
    }),
    { numRuns: 50 },
  );
});

test('what was saved is known again after a start', () => {
  const known = law(OBJECTS);
  assert.deepEqual(summary(new FleetLaw(provider, anchors(), known.state)), summary(known));
});

test('an object is news once', () => {
  const known = law();
  assert.equal(accepted(known.take(revocationOf(1))).isNew, true);
  assert.equal(accepted(known.take(revocationOf(1))).isNew, false);
  assert.equal(accepted(known.take(policyOf(4))).isNew, true);
  assert.equal(accepted(known.take(policyOf(4))).isNew, false);
  assert.equal(accepted(known.take(policyOf(3))).isNew, false);
  assert.equal(accepted(known.take(rootBytes())).isNew, false);
});

test('what a member signs, with whatever time, is no law and moves no clock', () => {
  const known = law();
  const before = summary(known);
  const in2090 = 3_786_912_000;
  assert.equal(reasonOf(known.take(revocationOf(2, in2090, DEVICE))), 'unknown-issuer');
  assert.equal(reasonOf(known.take(policyOf(9, DEVICE))), 'unknown-issuer');
  assert.equal(reasonOf(known.take(rootBytes(OTHER_ROOT, OTHER_ROOT))), 'unknown-issuer');
  assert.equal(reasonOf(known.take(certified(ROOT, DEVICE))), 'malformed');
  assert.equal(reasonOf(known.take(Uint8Array.of(1, 2, 3))), 'malformed');
  assert.deepEqual(summary(known), before);
});

test('a certificate moves the time floor to its issue, and one that ended stays ended', () => {
  const known = law();
  accepted(known.judge([certified(ROOT, DEVICE, { notBefore: START + 100, issuedAt: START + 100 })]));
  assert.equal(known.floorSeconds, START + 100);
  const short = certified(ROOT, DEVICE, { expires: START + 50 });
  assert.equal(reasonOf(known.judge([short])), 'expired');
});

test('a revocation makes a certificate lapse that was accepted before', () => {
  const known = law();
  const { certificate } = accepted(known.judge([certified(ROOT, DEVICE)]));
  assert.equal(known.hasLapsed(certificate), false);
  accepted(known.take(revocationOf(1)));
  assert.equal(known.hasLapsed(certificate), true);
  assert.equal(known.isRevoked(DEVICE.id), true);
  assert.equal(known.hasLapsed({ ...certificate, id: identityOf(9).id, expires: START + YEAR }), false);
});

test('[P-11.9] what the next root says again outlives the root that said it first, over a restart too', () => {
  const third = identityOf(203);
  const before = law([policyOf(5), revocationOf(1), rootBytes(OTHER_ROOT, ROOT)]);
  assert.equal(accepted(before.take(policyOf(5, OTHER_ROOT))).isNew, true);
  assert.equal(accepted(before.take(policyOf(5, OTHER_ROOT))).isNew, false);
  assert.equal(accepted(before.take(policyOf(5))).isNew, false);
  assert.equal(accepted(before.take(revocationOf(1, START + 1, OTHER_ROOT))).isNew, true);
  accepted(before.take(rootBytes(third, OTHER_ROOT)));
  const again = new FleetLaw(provider, before.anchors, before.state);
  assert.deepEqual(summary(again), summary(before));
  assert.equal(again.policy.number, 5);
  assert.equal(again.revocations.size, 1);
});
