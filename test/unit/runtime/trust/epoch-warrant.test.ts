import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import { encodeChain } from '#runtime/pki/chain.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import type { Epoch } from '#runtime/trust/epoch.ts';
import { judgeWarrant, signEpoch, warrantOf } from '#runtime/trust/epoch-warrant.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { testEpoch } from '../../../support/epochs.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  certified,
  DEVICE,
  identityOf,
  provider,
  ROOT,
  reasonOf,
  START,
} from '../../../support/pki.ts';

const KEYMASTER = identityOf(52);

function warranted(by = KEYMASTER, groups = ['keymaster'], cluster = CLUSTER): Epoch {
  const epoch = testEpoch(7);
  const chain = encodeChain([certified(ROOT, by, { groups })]);
  return { ...epoch, warrant: warrantOf(signEpoch(by, cluster, epoch), chain) };
}

const verdict = (epoch: Epoch, law = new FleetLaw(provider, anchors())) =>
  reasonOf(judgeWarrant(provider, { law, epoch }));

test('[P-14.8] an epoch counts where somebody signed it who may mint', () => {
  assert.equal(verdict(warranted()), 'accepted');
  assert.equal(verdict(warranted(DEVICE, ['controller'])), 'wrong-key-use');
  assert.equal(verdict(warranted(KEYMASTER, ['keymaster'], 'valley')), 'bad-signature');
});

test('a signature counts for one epoch: number, secret and revocations', () => {
  const good = warranted();
  assert.equal(verdict({ ...good, number: 8 }), 'bad-signature');
  assert.equal(verdict({ ...good, id: testEpoch(9).id }), 'bad-signature');
  assert.equal(verdict({ ...good, revocations: new Uint8Array(12).fill(1) }), 'bad-signature');
});

test('what is cut, bent or empty is no warrant', () => {
  const { warrant, ...epoch } = warranted();
  for (const bad of [
    new Uint8Array(0),
    warrant.subarray(0, 64),
    warrant.subarray(0, -1),
    warrant.subarray(1),
  ])
    assert.notEqual(verdict({ ...epoch, warrant: bad }), 'accepted');
  const bent = warrant.slice();
  bent[5] ^= 1;
  assert.equal(verdict({ ...epoch, warrant: bent }), 'bad-signature');
});

test('a minter that was revoked vouches for nothing more', () => {
  const law = new FleetLaw(provider, anchors());
  const target = { kind: 'node', id: fromHex(KEYMASTER.id) } as const;
  const claims = { cluster: CLUSTER, revokedAt: START, target, reason: 'stolen' };
  accepted(law.take(signRevocation(provider, ROOT, claims)));
  assert.equal(verdict(warranted(), law), 'revoked');
});
