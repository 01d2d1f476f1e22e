import { CLUSTER_NAME_BYTES_MAX, DATAGRAM_HEADER_BYTES } from '../core/limits.ts';
import { CLUSTER_TAG_BYTES, KIND_REFUSAL, MAGIC, OFFSET_CLUSTER_TAG, OFFSET_SALT } from './header.ts';

/** Why a join isn't taken, in the order of the codes from 1 [P-8.1]. */
export const REFUSAL_CODES = ['wrong-cluster', 'unknown-key', 'not-admitted', 'version-too-old'] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Bytes of the echoed nonce: salt and counter of the datagram that is refused. */
export const NONCE_BYTES = DATAGRAM_HEADER_BYTES - OFFSET_SALT;

/** Second byte of a refusal, whatever versions its two ends speak: version 1, kind 3. */
const REFUSAL_BYTE = (1 << 4) | KIND_REFUSAL;
const OFFSET_CODE = 6;

/** A refusal as it came: not authenticated, so a hint for people and nothing else [P-8.2]. */
export interface Refusal {
  readonly code: RefusalCode;
  /** Tag and name of the cluster that the refuser belongs to. */
  readonly clusterTag: Uint8Array;
  readonly cluster: string;
  /** Salt and counter of the datagram that it answers: believe none that you didn't send. */
  readonly nonce: Uint8Array;
}

export interface RefusalOptions {
  readonly code: RefusalCode;
  readonly clusterTag: Uint8Array;
  readonly cluster: string;
}

/**
 * Answers a datagram by a refusal.
 * @returns undefined where the refusal would be longer than what it answers.
 */
export function encodeRefusal(answered: Uint8Array, options: RefusalOptions): Uint8Array | undefined {
  const name = new TextEncoder().encode(options.cluster);
  const length = DATAGRAM_HEADER_BYTES + name.length;
  if (length > answered.length) return undefined;
  const bytes = new Uint8Array(length);
  const code = 1 + REFUSAL_CODES.indexOf(options.code);
  bytes[0] = MAGIC;
  bytes[1] = REFUSAL_BYTE;
  bytes.set(options.clusterTag.subarray(0, CLUSTER_TAG_BYTES), OFFSET_CLUSTER_TAG);
  bytes[OFFSET_CODE] = code >> 8;
  bytes[OFFSET_CODE + 1] = code & 255;
  bytes.set(answered.subarray(OFFSET_SALT, DATAGRAM_HEADER_BYTES), OFFSET_SALT);
  bytes.set(name, DATAGRAM_HEADER_BYTES);
  return bytes;
}

/** Whether the bytes have the two first bytes of a refusal; it may still be malformed. */
export function looksLikeRefusal(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === MAGIC && bytes[1] === REFUSAL_BYTE;
}

/** @returns undefined where the bytes are no refusal: another length, an unknown code, a name that isn't printable UTF-8. */
export function decodeRefusal(bytes: Uint8Array): Refusal | undefined {
  const nameLength = bytes.length - DATAGRAM_HEADER_BYTES;
  if (!looksLikeRefusal(bytes) || nameLength < 1 || nameLength > CLUSTER_NAME_BYTES_MAX) return undefined;
  const code = REFUSAL_CODES[((bytes[OFFSET_CODE] << 8) | bytes[OFFSET_CODE + 1]) - 1];
  const cluster = printable(bytes.subarray(DATAGRAM_HEADER_BYTES));
  if (code === undefined || cluster === undefined) return undefined;
  return {
    code,
    cluster,
    clusterTag: new Uint8Array(bytes.subarray(OFFSET_CLUSTER_TAG, OFFSET_CLUSTER_TAG + CLUSTER_TAG_BYTES)),
    nonce: new Uint8Array(bytes.subarray(OFFSET_SALT, DATAGRAM_HEADER_BYTES)),
  };
}

function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
