import { toHex } from '../core/ids.ts';
import { problemOfClusterName } from '../crypto/cluster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { isAcceptablePublicKey, PUBLIC_KEY_BYTES } from '../crypto/signature-rules.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes, asUint } from '../wire/schema.ts';
import {
  decodePayload,
  decodeSign1,
  kidOf,
  malformed,
  type SignedObject,
  type Signer,
  sign1,
  verifySign1,
} from './cose-sign1.ts';
import { type Judged, refuse } from './refusal.ts';

/** A cluster's root key, for a time. Times are whole seconds since 1970. */
export interface RootClaims {
  readonly cluster: string;
  readonly issuedAt: number;
  readonly expires: number;
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A statement on a root: signed by itself, or by the root before it, which endorses it. */
export interface RootStatement extends RootClaims {
  /** Of its own key. */
  readonly kid: Uint8Array;
  readonly isSelfSigned: boolean;
  readonly signed: SignedObject;
}

/** Signs a root: with its own key, or with that of the root before [P-11.9]. @throws RangeError for claims out of range. */
export function signRoot(provider: CryptoProvider, signer: Signer, claims: RootClaims): Uint8Array {
  const problem = problemOfRoot(claims);
  if (problem !== undefined) throw new RangeError(problem);
  const writer = new CborWriter();
  writer.array(4);
  writer.text(claims.cluster);
  writer.uint(claims.issuedAt);
  writer.uint(claims.expires);
  writer.bytes(claims.publicKey);
  return sign1(provider, signer, { kind: 'root', payload: writer.finish() });
}

/** Takes a statement apart. One that is signed by itself has its signature verified; an endorsement needs the endorser's key. */
export function decodeRoot(provider: CryptoProvider, bytes: Uint8Array): Judged<RootStatement> {
  const decoded = decodeSign1(bytes, 'root');
  if ('refusal' in decoded) return decoded;
  const signed = decoded.value;
  const payload = decodePayload(signed);
  if ('refusal' in payload) return payload;
  const claims = readRoot(payload.value);
  if (claims === undefined) return malformed('root', 'cluster, two times and an Ed25519 key');
  const kid = kidOf(provider, claims.publicKey);
  const isSelfSigned = toHex(kid) === toHex(signed.kid);
  if (isSelfSigned && !verifySign1(provider, signed, claims.publicKey))
    return refuse(
      'bad-signature',
      `root ${toHex(kid)}: its signature isn't its own; copy root.cert again from the CA`,
    );
  return { value: { ...claims, kid, isSelfSigned, signed } };
}

function readRoot(raw: unknown): RootClaims | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [cluster] = raw as unknown[];
  const issuedAt = asUint(raw[1]);
  const expires = asUint(raw[2]);
  const publicKey = asBytes(raw[3], PUBLIC_KEY_BYTES);
  if (typeof cluster !== 'string' || issuedAt === undefined || expires === undefined) return undefined;
  if (publicKey === undefined) return undefined;
  const claims = { cluster, issuedAt, expires, publicKey };
  return problemOfRoot(claims) === undefined ? claims : undefined;
}

function problemOfRoot({ cluster, issuedAt, expires, publicKey }: RootClaims): string | undefined {
  const problem = problemOfClusterName(cluster);
  if (problem !== undefined) return `cluster: ${problem}`;
  if (!isAcceptablePublicKey(publicKey)) return 'root: expected an Ed25519 public key';
  return expires > issuedAt ? undefined : `root: expected an end after ${issuedAt}; got ${expires}`;
}
