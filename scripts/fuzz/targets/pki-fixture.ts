import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { type CertificateClaims, encodeClaims } from '#runtime/pki/certificate-claims.ts';
import { kidOf, type SignedKind, type Signer } from '#runtime/pki/cose-sign1.ts';
import type { Judged } from '#runtime/pki/refusal.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import { quickProvider } from '../fixtures.ts';

/** A root, a registrar and devices, whose signatures are quick. */
export const quick = quickProvider();
export const CLUSTER = 'hillside';
/** 2026-01-01 */
export const START = 1_767_225_600;
export const YEAR = 365 * 86_400;
export const ROOT = identityOf(200);
export const NEXT_ROOT = identityOf(201);
export const REGISTRAR = identityOf(100);
export const DEVICE = identityOf(1);

export function identityOf(fill: number): Identity {
  return identityFromSeed(quick, new Uint8Array(32).fill(fill));
}

export function rootBytes(root: Signer = ROOT, by: Signer = root): Uint8Array {
  const claims = { cluster: CLUSTER, issuedAt: START, expires: START + 20 * YEAR, publicKey: root.publicKey };
  return signRoot(quick, by, claims);
}

export function anchors(): TrustAnchors {
  return acceptedOf(TrustAnchors.of(quick, CLUSTER, [rootBytes()]));
}

export function acceptedOf<T>(judged: Judged<T>): T {
  if ('refusal' in judged) throw new Error(`${judged.refusal.reason}: ${judged.refusal.text}`);
  return judged.value;
}

/** The payload of a certificate: of a device, or of a registrar that may issue `sensor`. */
export function claimsOf(
  identity: Identity,
  { isRegistrar, ...changes }: Partial<CertificateClaims> & { readonly isRegistrar: boolean },
): Uint8Array {
  return encodeClaims({
    name: isRegistrar ? 'registrar' : 'roof',
    cluster: CLUSTER,
    serial: identity.publicKey.slice(0, 16),
    signingKey: identity.publicKey,
    agreementKey: agreementKeyOf(quick, identity.publicKey).publicKey,
    groups: [isRegistrar ? 'registrar' : 'sensor'],
    notBefore: START,
    issuedAt: START,
    expires: START + YEAR,
    ...(isRegistrar ? { issuer: { groups: ['sensor'], validitySecondsMax: YEAR } } : {}),
    ...changes,
  });
}

/** A COSE_Sign1 of any payload, of whatever length, by the rules or under a header that is given. */
export function signAnything(
  signer: Signer,
  kind: SignedKind,
  payload: Uint8Array,
  header?: Uint8Array,
): Uint8Array {
  const head = header ?? headerOf(signer, kind);
  const structure = new CborWriter();
  structure.array(4);
  structure.text('Signature1');
  structure.bytes(head);
  structure.bytes(new Uint8Array(0));
  structure.bytes(payload);
  const object = new CborWriter();
  object.array(4);
  object.bytes(head);
  object.map(0);
  object.bytes(payload);
  object.bytes(signer.sign(structure.finish()));
  return object.finish();
}

export function headerOf(signer: Signer, kind: SignedKind): Uint8Array {
  const writer = new CborWriter();
  writer.map(3);
  writer.uint(1);
  writer.int(-8);
  writer.uint(4);
  writer.bytes(kidOf(quick, signer.publicKey));
  writer.uint(16);
  writer.text(`gridvine-${kind}`);
  return writer.finish();
}
