import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import { type ChainOptions, decodeChain, encodeChain, verifyChain } from '#runtime/pki/chain.ts';
import type { PkiReason } from '#runtime/pki/refusal.ts';
import { signRevocation, verifyRevocation } from '#runtime/pki/revocation.ts';
import { RevocationSet } from '#runtime/pki/revocation-set.ts';
import {
  accepted,
  anchors,
  CLUSTER,
  certified,
  claimsOf,
  DEVICE,
  identityOf,
  OTHER_ROOT,
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

const verify = (chain: readonly Uint8Array[], changes: Partial<ChainOptions> = {}) =>
  verifyChain(provider, {
    roots: anchors(),
    chain,
    atSeconds: START,
    revoked: new RevocationSet(),
    ...changes,
  });

function refused(reason: PkiReason, judged: ReturnType<typeof verify>, text: RegExp): void {
  assert.equal(reasonOf(judged), reason, 'refusal' in judged ? judged.refusal.text : '');
  assert.ok('refusal' in judged);
  assert.match(judged.refusal.text, text);
}

const viaRegistrar = (
  changes: Partial<CertificateClaims> = {},
  registrar: Partial<CertificateClaims> = {},
) => [certified(REGISTRAR, DEVICE, { ...SENSOR, ...changes }), registrarBytes(registrar)];

test('[P-11.5] a certificate by the root counts, with all that it says', () => {
  for (const one of [provider, nobleProvider]) {
    const chain = [certified(ROOT, DEVICE)];
    const options = { roots: anchors(), chain, atSeconds: START, revoked: new RevocationSet() };
    const { certificate, registrar, provenSeconds } = accepted(verifyChain(one, options));
    const { id, signed, ...claims } = certificate;
    assert.deepEqual(claims, claimsOf(DEVICE));
    assert.equal(id, DEVICE.id);
    assert.deepEqual(signed.bytes, chain[0]);
    assert.equal(registrar, undefined);
    assert.equal(provenSeconds, START);
  }
});

test('[P-11.5] one by a registrar counts, and proves the time that the registrar named', () => {
  const { certificate, registrar, provenSeconds } = accepted(
    verify(viaRegistrar({ issuedAt: START + 500, notBefore: START + 400 })),
  );
  assert.equal(certificate.id, DEVICE.id);
  assert.equal(registrar?.id, REGISTRAR.id);
  assert.equal(provenSeconds, START + 500);
});

test('a certificate of the longest names fits its 512 bytes, and one that does not is not issued', () => {
  const changes = { name: 'n'.repeat(64), groups: ['controller', 'keymaster', 'sensor'] };
  assert.ok(certified(ROOT, DEVICE, changes).length <= 512);
  const groups = Array.from({ length: 16 }, (_, i) => `${'g'.repeat(30)}${String.fromCharCode(97 + i)}`);
  assert.throws(
    () => certified(ROOT, DEVICE, { groups }),
    /certificate: expected at most 512 bytes; got \d+/,
  );
});

test('a certificate cut anywhere is truncated, one that goes on is malformed', () => {
  const bytes = certified(ROOT, DEVICE);
  for (let length = 0; length < bytes.length; length++)
    refused('truncated', verify([bytes.subarray(0, length)]), /copy it again/);
  refused('malformed', verify([Uint8Array.of(...bytes, 0)]), /bytes after the end/);
  refused('malformed', verify([new Uint8Array(513)]), /at most 512 bytes; got 513/);
  refused('malformed', verify([]), /1 to 2 certificates/);
  refused('malformed', verify([bytes, bytes, bytes]), /1 to 2 certificates/);
});

test('any changed bit is refused', () => {
  const bytes = certified(ROOT, DEVICE);
  for (let at = 0; at < bytes.length; at++)
    for (const bit of [1, 128]) {
      const changed = bytes.slice();
      changed[at] ^= bit;
      assert.notEqual(reasonOf(verify([changed])), 'accepted', `byte ${at}`);
    }
});

test('who signed is checked: an unknown root, a wrong signature, a registrar that is another', () => {
  refused('unknown-issuer', verify([certified(OTHER_ROOT, DEVICE)]), /copy its root\.cert/);
  const bytes = certified(ROOT, DEVICE);
  bytes[bytes.length - 1] ^= 1;
  refused('bad-signature', verify([bytes]), /certificate of "roof" .*changed on its way, or forged/);
  const [device] = viaRegistrar();
  const other = certified(ROOT, identityOf(101), {
    issuer: { groups: ['sensor'], validitySecondsMax: YEAR },
  });
  refused('unknown-issuer', verify([device ?? bytes, other]), /expected the registrar it came with/);
  const chain = viaRegistrar();
  (chain[0] ?? bytes)[(chain[0] ?? bytes).length - 1] ^= 1;
  refused('bad-signature', verify(chain), /registrar "registrar"/);
  refused('unknown-issuer', verify(viaRegistrar().slice(0, 1)), /expected a root/);
});

test('a certificate counts in its own cluster only, and so does its registrar', () => {
  refused(
    'wrong-cluster',
    verify([certified(ROOT, DEVICE, { cluster: 'valley' })]),
    /"hillside"; got "valley"/,
  );
  refused('wrong-cluster', verify(viaRegistrar({ cluster: 'valley' })), /"roof"/);
  refused('wrong-cluster', verify(viaRegistrar({}, { cluster: 'valley' })), /"registrar"/);
});

test('a device issues nothing, and other signed objects are no certificates', () => {
  const chain = [certified(DEVICE, identityOf(2)), certified(ROOT, DEVICE)];
  refused('wrong-key-use', verify(chain), /is that of a device/);
  refused('wrong-key-use', verify([rootBytes()]), /expected a certificate; got a root/);
});

test('a registrar may issue only its groups, for its time, within its own, and no registrars', () => {
  const cases: readonly (readonly [Partial<CertificateClaims>, RegExp])[] = [
    [{ groups: ['controller', 'sensor'] }, /group controller is none of its \(sensor\)/],
    [{ expires: START + YEAR + 1 }, /31536001 s are longer than its 31536000 s/],
    [{ notBefore: START - 1, expires: START + 10 }, /begins before/],
    [
      { notBefore: START + 9.5 * YEAR, issuedAt: START, expires: START + 10 * YEAR + 1 },
      /would outlive the registrar/,
    ],
    [{ issuer: { groups: [], validitySecondsMax: 1 } }, /makes no registrars/],
  ];
  for (const [changes, text] of cases) refused('registrar-exceeds', verify(viaRegistrar(changes)), text);
});

test('[P-11.7] a revoked certificate, node or registrar is out, whatever the time', () => {
  const revokedBy = (target: Parameters<typeof signRevocation>[2]['target']) => {
    const claims = { cluster: CLUSTER, revokedAt: START + 5, target, reason: 'stolen' };
    const set = new RevocationSet();
    set.add(accepted(verifyRevocation(anchors(), signRevocation(provider, ROOT, claims))));
    return { revoked: set, atSeconds: START + 50 * YEAR };
  };
  const { serial } = claimsOf(DEVICE);
  const id = Uint8Array.from(DEVICE.id.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
  const byRoot = [certified(ROOT, DEVICE)];
  const text = /revoked at 2026-01-01 00:00:05Z: stolen.*gridvine rekey/;
  refused('revoked', verify(byRoot, revokedBy({ kind: 'certificate', serial })), text);
  refused('revoked', verify(byRoot, revokedBy({ kind: 'node', id })), text);
  const again = [certified(ROOT, DEVICE, { serial: new Uint8Array(16) })];
  refused('revoked', verify(again, revokedBy({ kind: 'node', id })), text);
  assert.equal(
    reasonOf(verify(again, { ...revokedBy({ kind: 'certificate', serial }), atSeconds: START })),
    'accepted',
  );
  const registrarSerial = claimsOf(REGISTRAR).serial;
  refused(
    'revoked',
    verify(viaRegistrar(), revokedBy({ kind: 'certificate', serial: registrarSerial })),
    /"registrar"/,
  );
});

test('[P-11.8] validity is from its begin up to but not including its end', () => {
  const chain = [certified(ROOT, DEVICE, { notBefore: START + 100 })];
  refused('not-yet-valid', verify(chain, { atSeconds: START + 99 }), /valid from 2026-01-01 00:01:40Z/);
  assert.equal(reasonOf(verify(chain, { atSeconds: START + 100 })), 'accepted');
  assert.equal(reasonOf(verify(chain, { atSeconds: START + 2 * YEAR - 1 })), 'accepted');
  refused('expired', verify(chain, { atSeconds: START + 2 * YEAR }), /gridvine ca issue/);
});

test('[P-11.8] a board that knows no time takes a new certificate, and an expired registrar or root is told', () => {
  assert.equal(reasonOf(verify([certified(ROOT, DEVICE)], { atSeconds: 0 })), 'accepted');
  refused(
    'expired',
    verify(viaRegistrar({}, { expires: START + YEAR }), { atSeconds: START + YEAR }),
    /"registrar"/,
  );
  const chain = [certified(ROOT, DEVICE, { expires: START + 30 * YEAR })];
  refused(
    'expired',
    verify(chain, { atSeconds: START + 20 * YEAR }),
    /root [0-9a-f]{16}: expired.*ca rotate/,
  );
});

test('a certificate of either of two roots counts while one is being replaced', () => {
  const both = anchors(rootBytes(), rootBytes(OTHER_ROOT, ROOT));
  for (const root of [ROOT, OTHER_ROOT])
    assert.equal(reasonOf(verify([certified(root, DEVICE)], { roots: both })), 'accepted');
});

test('a chain travels as one object, and is refused when cut or empty', () => {
  const chain = viaRegistrar();
  const bytes = encodeChain(chain);
  assert.deepEqual(accepted(decodeChain(bytes)).map(toHex), chain.map(toHex));
  for (let length = 0; length < bytes.length; length += 7)
    assert.equal(reasonOf(decodeChain(bytes.subarray(0, length))), 'truncated');
  for (const wrong of [[0x80], [0x83, 0x40, 0x40, 0x40], [0x81, 1], [0xa0]])
    assert.equal(reasonOf(decodeChain(Uint8Array.from(wrong))), 'malformed');
});
