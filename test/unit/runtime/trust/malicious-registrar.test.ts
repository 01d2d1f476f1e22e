import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { signPolicy } from '#runtime/pki/policy.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { CertificateBook } from '#runtime/trust/certificate-book.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  certified,
  DEVICE,
  identityOf,
  provider,
  REGISTRAR,
  ROOT,
  reasonOf,
  registrarBytes,
  rootBytes,
  SENSOR,
  START,
  YEAR,
} from '../../../support/pki.ts';

/** The registrar's own. */
const END = START + 10 * YEAR;
const BOARD = identityOf(2);

function law(): FleetLaw {
  return new FleetLaw(provider, anchors());
}

/** What it certifies, as if it were so late. */
function issuedAt(seconds: number, expires = END): Uint8Array[] {
  const times = { issuedAt: seconds, notBefore: seconds, expires };
  return [certified(REGISTRAR, BOARD, { ...SENSOR, ...times }), registrarBytes()];
}

describe('a malicious registrar', () => {
  test('moves the time floor to the end of its own certificate, which ends what ends before', () => {
    const known = law();
    const device = [certified(ROOT, DEVICE)];
    accepted(known.judge(device));
    accepted(known.judge(issuedAt(END - 1)));
    assert.equal(known.floorSeconds, END - 1);
    assert.equal(reasonOf(known.judge(device)), 'expired');
  });

  test('moves the time floor no further than its own certificate lasts', () => {
    const known = law();
    for (const chain of [issuedAt(END, END + 10), issuedAt(END + 10, END + 20), issuedAt(END - 1, END + 1)])
      assert.notEqual(reasonOf(known.judge(chain)), 'accepted');
    assert.ok(known.floorSeconds < END);
    assert.equal(known.floorSeconds, START);
  });

  test('signs no law', () => {
    const known = law();
    const target = { kind: 'node', id: fromHex(DEVICE.id) } as const;
    const made = [
      signRevocation(provider, REGISTRAR, { cluster: CLUSTER, revokedAt: START, target, reason: '' }),
      signPolicy(provider, REGISTRAR, {
        cluster: CLUSTER,
        number: 9,
        issuedAt: START,
        writes: {},
        rights: { command: [], mint: ['sensor'], vote: [] },
      }),
      rootBytes(BOARD, REGISTRAR),
    ];
    for (const bytes of made) assert.equal(reasonOf(known.take(bytes)), 'unknown-issuer');
    assert.equal(known.revocations.size, 0);
    assert.equal(known.policy.number, 0);
  });

  test('[P-11.14] names no other X25519 key for a board that is known, and a root outdoes it where the board was not', () => {
    const forgedKey = agreementKeyOf(provider, new Uint8Array(32).fill(66)).publicKey;
    const times = { issuedAt: START + 99, notBefore: START + 99 };
    const forged = [
      certified(REGISTRAR, BOARD, { ...SENSOR, ...times, agreementKey: forgedKey }),
      registrarBytes(),
    ];
    const renewed = [certified(REGISTRAR, BOARD, { ...SENSOR, ...times }), registrarBytes()];
    const original = [certified(ROOT, BOARD)];

    const known = new CertificateBook(law());
    const { id, agreementKey } = accepted(known.learn(original));
    assert.equal(reasonOf(known.learn(forged)), 'registrar-exceeds');
    assert.deepEqual(known.get(id)?.agreementKey, agreementKey);
    assert.equal(accepted(known.learn(renewed)).issuedAt, START + 99, 'a true successor is taken');
    assert.equal(reasonOf(known.learn(forged)), 'registrar-exceeds');

    const deceived = new CertificateBook(law());
    assert.deepEqual(accepted(deceived.learn(forged)).agreementKey, forgedKey);
    assert.deepEqual(accepted(deceived.learn(original)).agreementKey, agreementKey);
    assert.equal(reasonOf(deceived.learn(forged)), 'registrar-exceeds');
  });
});
