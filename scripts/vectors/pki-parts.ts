import { fromHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { issueCertificate } from '#runtime/pki/certificate.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import type { Signer } from '#runtime/pki/cose-sign1.ts';
import { type RevocationTarget, signRevocation } from '#runtime/pki/revocation.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';

/** Who and what the vectors of section 11 are about. */
export const CLUSTER = 'Sonnenhof Süd';
/** 2026-01-01 */
export const START = 1_767_225_600;
export const YEAR = 365 * 86_400;

const identityOf = (fill: number) => identityFromSeed(nobleProvider, new Uint8Array(32).fill(fill));
export const ROOT = identityOf(0xa1);
export const NEXT_ROOT = identityOf(0xa2);
export const FOREIGN_ROOT = identityOf(0xa3);
export const REGISTRAR = identityOf(0xb1);
export const DEVICE = identityOf(1);

export function rootOf(root: Signer, by: Signer = root, cluster = CLUSTER): Uint8Array {
  const claims = { cluster, issuedAt: START, expires: START + 20 * YEAR, publicKey: root.publicKey };
  return signRoot(nobleProvider, by, claims);
}

export function claimsOf(node: Identity, changes: Partial<CertificateClaims> = {}): CertificateClaims {
  return {
    name: 'Dach Süd',
    cluster: CLUSTER,
    serial: node.publicKey.slice(0, 16),
    signingKey: node.publicKey,
    agreementKey: agreementKeyOf(nobleProvider, node.publicKey).publicKey,
    groups: ['controller', 'sensor'],
    notBefore: START,
    issuedAt: START + 60,
    expires: START + 2 * YEAR,
    ...changes,
  };
}

export function certificateOf(
  by: Signer,
  node: Identity,
  changes: Partial<CertificateClaims> = {},
): Uint8Array {
  return issueCertificate(nobleProvider, by, claimsOf(node, changes));
}

export function registrarOf(changes: Partial<CertificateClaims> = {}): Uint8Array {
  return certificateOf(ROOT, REGISTRAR, {
    name: 'registrar',
    groups: ['registrar'],
    expires: START + 10 * YEAR,
    issuer: { groups: ['sensor'], validitySecondsMax: YEAR },
    ...changes,
  });
}

export function revocationOf(target: RevocationTarget, by: Signer = ROOT, cluster = CLUSTER): Uint8Array {
  const claims = { cluster, revokedAt: START + 100, target, reason: 'stolen in the night' };
  return signRevocation(nobleProvider, by, claims);
}

export const REVOKED_SERIAL: RevocationTarget = { kind: 'certificate', serial: claimsOf(DEVICE).serial };
export const REVOKED_NODE: RevocationTarget = { kind: 'node', id: fromHex(DEVICE.id) };

/** The same object with one byte changed, from the end. */
export function changed(bytes: Uint8Array, fromEnd = 1): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - fromEnd] ^= 1;
  return copy;
}

/** A signed object by hand, for headers and payloads that our own code doesn't make. */
export function handSigned(
  by: Signer,
  payload: Uint8Array,
  header: {
    readonly typ: string;
    readonly alg?: number;
    readonly crit?: readonly number[];
    readonly extra?: number;
  },
): Uint8Array {
  const { typ, alg = -8, crit, extra } = header;
  const inner = new CborWriter();
  inner.map(3 + (crit === undefined ? 0 : 1) + (extra === undefined ? 0 : 1));
  inner.uint(1);
  inner.int(alg);
  if (crit !== undefined) {
    inner.uint(2);
    inner.value(crit);
  }
  inner.uint(4);
  inner.bytes(nobleProvider.sha256(by.publicKey).slice(0, 8));
  inner.uint(16);
  inner.text(typ);
  if (extra !== undefined) {
    inner.uint(extra);
    inner.text('of a later version');
  }
  const signed = new CborWriter();
  signed.array(4);
  signed.text('Signature1');
  signed.bytes(inner.finish());
  signed.bytes(new Uint8Array(0));
  signed.bytes(payload);
  return assemble(inner.finish(), payload, by.sign(signed.finish()));
}

/** The four parts; `unprotected` may smuggle a field in. */
export function assemble(
  header: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
  { unprotected = false } = {},
): Uint8Array {
  const writer = new CborWriter();
  writer.array(4);
  writer.bytes(header);
  writer.map(unprotected ? 1 : 0);
  if (unprotected) {
    writer.uint(4);
    writer.bytes(new Uint8Array(8));
  }
  writer.bytes(payload);
  writer.bytes(signature);
  return writer.finish();
}
