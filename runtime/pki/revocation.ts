import { type NodeId, toHex } from '../core/ids.ts';
import { problemOfClusterName } from '../crypto/cluster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes, asUint } from '../wire/schema.ts';
import {
  decodePayload,
  decodeSign1,
  malformed,
  type SignedObject,
  type Signer,
  sign1,
} from './cose-sign1.ts';
import { type Judged, refuse } from './refusal.ts';
import type { TrustAnchors } from './trust-anchors.ts';

/** The longest reason, in bytes of UTF-8. */
export const REASON_BYTES_MAX = 128;
const TARGET_BYTES = 16;

/** What is revoked: one certificate by its serial, or a node's key with all its certificates, past and future. */
export type RevocationTarget =
  | { readonly kind: 'certificate'; readonly serial: Uint8Array }
  | { readonly kind: 'node'; readonly id: Uint8Array };

const TARGET_KINDS = ['certificate', 'node'] as const;

/** One revocation. */
export interface RevocationClaims {
  readonly cluster: string;
  /** Seconds since 1970. */
  readonly revokedAt: number;
  readonly target: RevocationTarget;
  /** For people, up to 128 bytes. */
  readonly reason: string;
}

/** A revocation that a root has signed. */
export interface Revocation extends RevocationClaims {
  readonly signed: SignedObject;
  /** Root and time: for `TimeFloor.observe`. */
  readonly provenSeconds: number;
}

/** Signs a revocation [P-11.7]; only roots' count. @throws RangeError for claims out of range. */
export function signRevocation(provider: CryptoProvider, root: Signer, claims: RevocationClaims): Uint8Array {
  const problem = problemOfRevocation(claims);
  if (problem !== undefined) throw new RangeError(problem);
  const writer = new CborWriter();
  writer.array(5);
  writer.text(claims.cluster);
  writer.uint(claims.revokedAt);
  writer.uint(TARGET_KINDS.indexOf(claims.target.kind));
  writer.bytes(targetBytes(claims.target));
  writer.text(claims.reason);
  return sign1(provider, root, { kind: 'revocation', payload: writer.finish() });
}

/** Decodes a revocation and verifies that one of the roots signed it. Never throws. */
export function verifyRevocation(roots: TrustAnchors, bytes: Uint8Array): Judged<Revocation> {
  const decoded = decodeSign1(bytes, 'revocation');
  if ('refusal' in decoded) return decoded;
  const signed = decoded.value;
  const payload = decodePayload(signed);
  if ('refusal' in payload) return payload;
  const claims = readRevocation(payload.value);
  if (claims === undefined) return malformed('revocation', 'cluster, time, target and reason');
  const refusal = roots.refusalOfSignature(signed);
  if (refusal !== undefined) return { refusal };
  if (claims.cluster !== roots.cluster)
    return refuse(
      'wrong-cluster',
      `revocation: expected one for cluster ${JSON.stringify(roots.cluster)}; got ${JSON.stringify(claims.cluster)}`,
    );
  return { value: { ...claims, signed, provenSeconds: claims.revokedAt } };
}

/** Serial or node id, 16 bytes. */
export function targetBytes(target: RevocationTarget): Uint8Array {
  return target.kind === 'certificate' ? target.serial : target.id;
}

/** Serial or node id as hex. */
export function targetHex(target: RevocationTarget): NodeId {
  return toHex(targetBytes(target));
}

function readRevocation(raw: unknown): RevocationClaims | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [cluster, , , , reason] = raw as unknown[];
  const revokedAt = asUint(raw[1]);
  const kind = TARGET_KINDS[asUint(raw[2], 1) ?? -1];
  const bytes = asBytes(raw[3], TARGET_BYTES);
  if (typeof cluster !== 'string' || typeof reason !== 'string') return undefined;
  if (revokedAt === undefined || kind === undefined || bytes === undefined) return undefined;
  const target: RevocationTarget = kind === 'certificate' ? { kind, serial: bytes } : { kind, id: bytes };
  const claims = { cluster, revokedAt, target, reason };
  return problemOfRevocation(claims) === undefined ? claims : undefined;
}

const CONTROL = /\p{Cc}/u;
const encoder = new TextEncoder();

function problemOfRevocation({ cluster, revokedAt, target, reason }: RevocationClaims): string | undefined {
  const problem = problemOfClusterName(cluster);
  if (problem !== undefined) return `cluster: ${problem}`;
  if (!(Number.isSafeInteger(revokedAt) && revokedAt >= 0))
    return 'revoked at: expected whole seconds from 0';
  if (targetBytes(target).length !== TARGET_BYTES) return `target: expected ${TARGET_BYTES} bytes`;
  if (!reason.isWellFormed() || CONTROL.test(reason))
    return 'reason: expected well-formed text without control characters';
  const { length } = encoder.encode(reason);
  return length <= REASON_BYTES_MAX
    ? undefined
    : `reason: expected at most ${REASON_BYTES_MAX} bytes of UTF-8; got ${length}`;
}
