import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { issueCertificate } from '#runtime/pki/certificate.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import type { Signer } from '#runtime/pki/cose-sign1.ts';
import type { Judged, PkiReason } from '#runtime/pki/refusal.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';

export const provider = createNodeProvider();
export const CLUSTER = 'hillside';
/** 2026-01-01 */
export const START = 1_767_225_600;
export const YEAR = 365 * 86_400;

export const ROOT = identityOf(200);
export const OTHER_ROOT = identityOf(201);
export const REGISTRAR = identityOf(100);
export const DEVICE = identityOf(1);

export function identityOf(fill: number): Identity {
  return identityFromSeed(provider, new Uint8Array(32).fill(fill));
}

export function rootBytes(root: Signer = ROOT, by: Signer = root, cluster = CLUSTER): Uint8Array {
  const claims = { cluster, issuedAt: START, expires: START + 20 * YEAR, publicKey: root.publicKey };
  return signRoot(provider, by, claims);
}

export function anchors(...statements: Uint8Array[]): TrustAnchors {
  return accepted(TrustAnchors.of(provider, CLUSTER, statements.length > 0 ? statements : [rootBytes()]));
}

export function claimsOf(identity: Identity, changes: Partial<CertificateClaims> = {}): CertificateClaims {
  return {
    name: 'roof',
    cluster: CLUSTER,
    serial: new Uint8Array(16).fill(identity.publicKey[0] ?? 0),
    signingKey: identity.publicKey,
    agreementKey: agreementKeyOf(provider, identity.publicKey).publicKey,
    groups: ['controller'],
    notBefore: START,
    issuedAt: START,
    expires: START + 2 * YEAR,
    ...changes,
  };
}

export function certified(
  by: Signer,
  identity: Identity,
  changes: Partial<CertificateClaims> = {},
): Uint8Array {
  return issueCertificate(provider, by, claimsOf(identity, changes));
}

/** A registrar that may issue `sensor` for up to a year, itself valid for ten. */
export function registrarBytes(changes: Partial<CertificateClaims> = {}): Uint8Array {
  return certified(ROOT, REGISTRAR, {
    name: 'registrar',
    groups: ['registrar'],
    expires: START + 10 * YEAR,
    issuer: { groups: ['sensor'], validitySecondsMax: YEAR },
    ...changes,
  });
}

/** What a registrar may issue. */
export const SENSOR: Partial<CertificateClaims> = { groups: ['sensor'], expires: START + YEAR };

export function accepted<T>(judged: Judged<T>): T {
  if ('refusal' in judged) throw new Error(`${judged.refusal.reason}: ${judged.refusal.text}`);
  return judged.value;
}

export function reasonOf(judged: Judged<unknown>): PkiReason | 'accepted' {
  return 'refusal' in judged ? judged.refusal.reason : 'accepted';
}
