import { type NodeId, toHex } from '../core/ids.ts';
import { problemOfClusterName } from '../crypto/cluster.ts';
import { nodeIdOf } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { isAcceptablePublicKey, PUBLIC_KEY_BYTES } from '../crypto/signature-rules.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes } from '../wire/schema.ts';
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

/** What a board asks to be certified. It says no time: a board may have no clock. */
export interface RequestClaims {
  readonly cluster: string;
  readonly name: string;
  /** Raw Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Raw X25519, 32 bytes. */
  readonly agreementKey: Uint8Array;
}

/** A request whose maker has the Ed25519 key; that it has the X25519 key too, the handshake will show. */
export interface CertificateRequest extends RequestClaims {
  readonly id: NodeId;
  readonly signed: SignedObject;
}

/** Signs a request by the key that it asks for [P-11.11]. @throws RangeError for claims out of range. */
export function signRequest(
  provider: CryptoProvider,
  identity: Signer,
  claims: Omit<RequestClaims, 'signingKey'>,
): Uint8Array {
  const { cluster, name, agreementKey } = claims;
  const problem = problemOfRequest({ ...claims, signingKey: identity.publicKey });
  if (problem !== undefined) throw new RangeError(problem);
  const writer = new CborWriter();
  writer.array(4);
  writer.text(cluster);
  writer.text(name);
  writer.bytes(identity.publicKey);
  writer.bytes(agreementKey);
  return sign1(provider, identity, { kind: 'request', payload: writer.finish() });
}

/** Decodes a request and verifies that its maker has the key. Never throws. */
export function verifyRequest(provider: CryptoProvider, bytes: Uint8Array): Judged<CertificateRequest> {
  const decoded = decodeSign1(bytes, 'request');
  if ('refusal' in decoded) return decoded;
  const signed = decoded.value;
  const payload = decodePayload(signed);
  if ('refusal' in payload) return payload;
  const claims = readRequest(payload.value);
  if (claims === undefined) return malformed('request', 'cluster, name and two keys');
  const ownKid = toHex(kidOf(provider, claims.signingKey)) === toHex(signed.kid);
  if (!ownKid || !verifySign1(provider, signed, claims.signingKey))
    return refuse(
      'bad-signature',
      `request of ${JSON.stringify(claims.name)}: it isn't signed by the key it asks for; make it anew on that board: gridvine identity request`,
    );
  return { value: { ...claims, id: nodeIdOf(provider, claims.signingKey), signed } };
}

function readRequest(raw: unknown): RequestClaims | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [cluster, name] = raw as unknown[];
  const signingKey = asBytes(raw[2], PUBLIC_KEY_BYTES);
  const agreementKey = asBytes(raw[3], PUBLIC_KEY_BYTES);
  if (typeof cluster !== 'string' || typeof name !== 'string') return undefined;
  if (signingKey === undefined || agreementKey === undefined) return undefined;
  const claims = { cluster, name, signingKey, agreementKey };
  return problemOfRequest(claims) === undefined ? claims : undefined;
}

function problemOfRequest({ cluster, name, signingKey, agreementKey }: RequestClaims): string | undefined {
  const ofCluster = problemOfClusterName(cluster);
  if (ofCluster !== undefined) return `cluster: ${ofCluster}`;
  const ofName = problemOfClusterName(name);
  if (ofName !== undefined) return `name: ${ofName}`;
  if (!isAcceptablePublicKey(signingKey)) return 'signing key: expected an Ed25519 public key';
  return agreementKey.length === PUBLIC_KEY_BYTES ? undefined : 'agreement key: expected 32 bytes';
}
