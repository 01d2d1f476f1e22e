import { type NodeId, toHex } from '../core/ids.ts';
import { nodeIdOf } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type CertificateClaims, encodeClaims, readClaims } from './certificate-claims.ts';
import {
  decodePayload,
  decodeSign1,
  malformed,
  type SignedObject,
  type Signer,
  sign1,
} from './cose-sign1.ts';
import type { Judged } from './refusal.ts';

/** A certificate, taken apart; whether it counts is for `verifyChain` to say. */
export interface Certificate extends CertificateClaims {
  /** Of the key that it certifies [P-1.2]. */
  readonly id: NodeId;
  /** Its signature and bytes. */
  readonly signed: SignedObject;
}

/** Signs a certificate [P-11.3]. @throws RangeError for claims out of range, and where it gets longer than 512 bytes. */
export function issueCertificate(
  provider: CryptoProvider,
  issuer: Signer,
  claims: CertificateClaims,
): Uint8Array {
  return sign1(provider, issuer, { kind: 'certificate', payload: encodeClaims(claims) });
}

/** Takes a certificate apart without judging it. Never throws. */
export function decodeCertificate(provider: CryptoProvider, bytes: Uint8Array): Judged<Certificate> {
  const decoded = decodeSign1(bytes, 'certificate');
  if ('refusal' in decoded) return decoded;
  const payload = decodePayload(decoded.value);
  if ('refusal' in payload) return payload;
  const claims = readClaims(payload.value);
  if (claims === undefined) return malformed('certificate', 'the claims of [P-11.3], each in its range');
  return { value: { ...claims, id: nodeIdOf(provider, claims.signingKey), signed: decoded.value } };
}

/** How messages name a certificate. */
export function nameOfCertificate({ name, serial }: CertificateClaims): string {
  return `certificate of ${JSON.stringify(name)} (serial ${toHex(serial)})`;
}
