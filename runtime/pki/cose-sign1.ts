import type { CryptoProvider } from '../crypto/provider.ts';
import { SIGNATURE_BYTES } from '../crypto/signature-rules.ts';
import { decodeSignedCbor } from '../wire/cbor.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { asBytes } from '../wire/schema.ts';
import { type Judged, refuse } from './refusal.ts';

/** What a signed object is: stands in its protected header, so that no object can pass for one of another kind [P-11.1]. */
export const SIGNED_KINDS = ['certificate', 'request', 'root', 'revocation', 'policy', 'roster'] as const;
export type SignedKind = (typeof SIGNED_KINDS)[number];

/** A signature's key: the first 8 bytes of SHA-256 of the public key [P-11.1]. */
export const KID_BYTES = 8;

/** The longest signed object of each kind, in bytes [P-11.2]. */
export const SIGNED_BYTES_MAX: Readonly<Record<SignedKind, number>> = {
  certificate: 512,
  request: 512,
  root: 512,
  revocation: 512,
  policy: 4096,
  roster: 512,
};

/** Who signs: an identity, a root, a registrar. */
export interface Signer {
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** A signed object, taken apart; its signature isn't verified yet. */
export interface SignedObject {
  readonly kind: SignedKind;
  readonly kid: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** The protected header as it came: it is part of what was signed. */
  readonly header: Uint8Array;
  /** The whole object as it came; relays pass these on. */
  readonly bytes: Uint8Array;
}

/** Header labels (RFC 9052 section 3.1, RFC 9596), and the algorithm EdDSA (RFC 9053 section 2.2). */
const LABEL_ALG = 1;
const LABEL_CRIT = 2;
const LABEL_KID = 4;
const LABEL_TYP = 16;
const ALG_EDDSA = -8;
const TYP_PREFIX = 'gridvine-';
const UNDERSTOOD: ReadonlySet<unknown> = new Set([LABEL_ALG, LABEL_CRIT, LABEL_KID, LABEL_TYP]);

/** The key id that a signature names its key by. */
export function kidOf(provider: CryptoProvider, publicKey: Uint8Array): Uint8Array {
  return provider.sha256(publicKey).slice(0, KID_BYTES);
}

/** Signs a payload: an untagged COSE_Sign1 in deterministic CBOR [P-11.1]. @throws RangeError where it gets too long. */
export function sign1(
  provider: CryptoProvider,
  signer: Signer,
  content: { readonly kind: SignedKind; readonly payload: Uint8Array },
): Uint8Array {
  const { kind, payload } = content;
  const header = encodeHeader(kidOf(provider, signer.publicKey), kind);
  const signature = signer.sign(signedBytes(header, payload));
  const writer = new CborWriter();
  writer.array(4);
  writer.bytes(header);
  writer.map(0);
  writer.bytes(payload);
  writer.bytes(signature);
  if (writer.length > SIGNED_BYTES_MAX[kind])
    throw new RangeError(`${kind}: expected at most ${SIGNED_BYTES_MAX[kind]} bytes; got ${writer.length}`);
  return writer.finish();
}

/**
 * Takes an object from outside apart. Strict: one encoding only, nothing outside of what is signed, since objects are compared
 * and hashed by their bytes.
 */
export function decodeSign1(bytes: Uint8Array, expected: SignedKind): Judged<SignedObject> {
  const most = SIGNED_BYTES_MAX[expected];
  if (bytes.length > most)
    return refuse('malformed', `${expected}: expected at most ${most} bytes; got ${bytes.length}`);
  const decoded = decodeSignedCbor(bytes);
  if ('refusal' in decoded) return refuseCbor(expected, decoded.refusal, bytes.length);
  const parts = decoded.value;
  if (!Array.isArray(parts) || parts.length !== 4)
    return malformed(expected, 'an array of four (COSE_Sign1)');
  const [rawHeader, unprotected, rawPayload, rawSignature] = parts as unknown[];
  const header = asBytes(rawHeader);
  const payload = asBytes(rawPayload);
  const signature = asBytes(rawSignature, SIGNATURE_BYTES);
  if (header === undefined || payload === undefined || signature === undefined)
    return malformed(expected, 'header, payload and a signature of 64 bytes as byte strings');
  if (!(unprotected instanceof Map) || unprotected.size > 0)
    return malformed(expected, 'no unprotected header: nobody has signed it');
  const read = readHeader(header, expected);
  if ('refusal' in read) return read;
  return { value: { ...read.value, payload, signature, header, bytes: new Uint8Array(bytes) } };
}

/** Whether the holder of this key signed the object. */
export function verifySign1(provider: CryptoProvider, object: SignedObject, publicKey: Uint8Array): boolean {
  return provider.verify(publicKey, signedBytes(object.header, object.payload), object.signature);
}

/** The kind that a text or file seems to hold, without looking further: for messages to people. */
export function peekKind(bytes: Uint8Array): SignedKind | undefined {
  const decoded = decodeSignedCbor(bytes);
  if (!('value' in decoded) || !Array.isArray(decoded.value)) return undefined;
  const header = asBytes(decoded.value[0]);
  const fields = header === undefined ? undefined : decodeSignedCbor(header);
  if (fields === undefined || !('value' in fields) || !(fields.value instanceof Map)) return undefined;
  return kindOf(fields.value.get(LABEL_TYP));
}

/** Decodes a payload of ours, by the same strict rules. */
export function decodePayload(object: SignedObject): Judged<unknown> {
  const decoded = decodeSignedCbor(object.payload);
  // Within a whole object nothing is cut by a transport: whoever made it made it so.
  return 'refusal' in decoded ? malformed(object.kind, `a payload in CBOR (${decoded.refusal})`) : decoded;
}

export function malformed(kind: SignedKind, expected: string): ReturnType<typeof refuse> {
  return refuse('malformed', `${kind}: expected ${expected}; got something else. Ask for it to be made anew`);
}

function refuseCbor(kind: SignedKind, refusal: string, length: number): ReturnType<typeof refuse> {
  if (refusal === 'truncated')
    return refuse(
      'truncated',
      `${kind}: it ends after ${length} bytes, before its end; copy it again, whole`,
    );
  return malformed(kind, `CBOR in its one encoding (${refusal})`);
}

function encodeHeader(kid: Uint8Array, kind: SignedKind): Uint8Array {
  const writer = new CborWriter(64);
  writer.map(3);
  writer.uint(LABEL_ALG);
  writer.int(ALG_EDDSA);
  writer.uint(LABEL_KID);
  writer.bytes(kid);
  writer.uint(LABEL_TYP);
  writer.text(TYP_PREFIX + kind);
  return writer.finish();
}

function readHeader(
  header: Uint8Array,
  expected: SignedKind,
): Judged<{ readonly kind: SignedKind; readonly kid: Uint8Array }> {
  const decoded = decodeSignedCbor(header);
  if (!('value' in decoded) || !(decoded.value instanceof Map))
    return malformed(expected, 'a protected header that is a map');
  const fields: ReadonlyMap<unknown, unknown> = decoded.value;
  const critical = criticalFault(fields, expected);
  if (critical !== undefined) return critical;
  const kid = asBytes(fields.get(LABEL_KID), KID_BYTES);
  if (fields.get(LABEL_ALG) !== ALG_EDDSA || kid === undefined)
    return malformed(expected, 'the algorithm EdDSA (-8) and a key id of 8 bytes');
  const kind = kindOf(fields.get(LABEL_TYP));
  if (kind !== expected)
    return refuse(
      'wrong-key-use',
      `expected a ${expected}; got ${kind === undefined ? 'something unknown' : `a ${kind}`}`,
    );
  return { value: { kind, kid } };
}

/** `crit` lists labels that must be understood (RFC 9052 section 3.1). */
function criticalFault(
  fields: ReadonlyMap<unknown, unknown>,
  expected: SignedKind,
): ReturnType<typeof refuse> | undefined {
  if (!fields.has(LABEL_CRIT)) return undefined;
  const labels = fields.get(LABEL_CRIT);
  if (!Array.isArray(labels) || labels.length === 0) return malformed(expected, 'a list of critical labels');
  const unknown = labels.find((label) => !UNDERSTOOD.has(label));
  if (unknown !== undefined)
    return refuse(
      'unknown-critical',
      `${expected}: it says that its field ${shown(unknown)} must be understood, and this version doesn't know it; update gridvine on this node`,
    );
  return labels.every((label) => fields.has(label))
    ? undefined
    : malformed(expected, 'every critical label in the protected header');
}

/** A label as people may see it: nobody has vouched for it, and it must not speak to a terminal. */
function shown(label: unknown): string {
  if (typeof label === 'number' || typeof label === 'bigint') return String(label);
  return typeof label === 'string'
    ? JSON.stringify(label.slice(0, 40)).replace(/\p{C}/gu, '?')
    : 'of no name';
}

function kindOf(typ: unknown): SignedKind | undefined {
  return SIGNED_KINDS.find((kind) => typ === TYP_PREFIX + kind);
}

const CONTEXT = 'Signature1';
const NO_AAD = new Uint8Array(0);

/** Sig_structure (RFC 9052 section 4.4). */
function signedBytes(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const writer = new CborWriter(64 + header.length + payload.length);
  writer.array(4);
  writer.text(CONTEXT);
  writer.bytes(header);
  writer.bytes(NO_AAD);
  writer.bytes(payload);
  return writer.finish();
}
