import { CLUSTER_NAME_BYTES_MAX, DATAGRAM_HEADER_BYTES } from '../core/limits.ts';

/** First byte of each datagram, "G" [P-3.1]. */
export const MAGIC = 0x47;
export const PROTOCOL_VERSION = 1;

/** Kinds of datagrams [P-3.2]. */
export const KIND_SEALED_TO_ONE = 1;
export const KIND_SEALED_TO_ANY = 2;
export const KIND_REFUSAL = 3;

/** Where the fields begin [P-3.1]. */
export const OFFSET_CLUSTER_TAG = 2;
export const OFFSET_KEY_ID = 6;
export const OFFSET_SALT = 8;
export const OFFSET_COUNTER = 24;

export const SALT_BYTES = 16;
export const CLUSTER_TAG_BYTES = 4;

/** The 32 bytes in clear before the ciphertext [P-3.1], but for the salt, which is looked up where it stands. */
export interface Header {
  readonly version: number;
  readonly kind: number;
  /** The 4 bytes as one unsigned integer. */
  readonly clusterTag: number;
  readonly keyId: number;
  /** NaN where the 64 bits hold more than 2^53 - 1. */
  readonly counter: number;
}

/** Reads the header of a datagram of at least 32 bytes that begins with the magic. @returns undefined for others. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < DATAGRAM_HEADER_BYTES || bytes[0] !== MAGIC) return undefined;
  return {
    version: bytes[1] >> 4,
    kind: bytes[1] & 15,
    clusterTag: readUint32(bytes, OFFSET_CLUSTER_TAG),
    keyId: (bytes[OFFSET_KEY_ID] << 8) | bytes[OFFSET_KEY_ID + 1],
    counter: readCounter(bytes, OFFSET_COUNTER),
  };
}

/** Writes the header to the first 32 bytes of `target`, under the present protocol version. */
export function writeHeader(
  target: Uint8Array,
  header: Omit<Header, 'version'> & { readonly salt: Uint8Array },
): void {
  target[0] = MAGIC;
  target[1] = (PROTOCOL_VERSION << 4) | header.kind;
  writeUint32(target, OFFSET_CLUSTER_TAG, header.clusterTag);
  target[OFFSET_KEY_ID] = header.keyId >> 8;
  target[OFFSET_KEY_ID + 1] = header.keyId & 255;
  target.set(header.salt, OFFSET_SALT);
  writeUint32(target, OFFSET_COUNTER, Math.floor(header.counter / 0x1_0000_0000));
  writeUint32(target, OFFSET_COUNTER + 4, header.counter % 0x1_0000_0000);
}

/** Copies a datagram's header to where it stands in the associated data [P-3.4]; so few bytes are copied faster one by one. */
export function copyHeader(datagram: Uint8Array, target: Uint8Array, at: number): void {
  for (let i = 0; i < DATAGRAM_HEADER_BYTES; i++) target[at + i] = datagram[i];
}

/** What the associated data begins with: what was sealed for one transport opens on no other [P-3.4, P-19.1]. */
const AAD_LABELS = { udp: 'gridvine/1', http: 'gridvine/http/1' } as const;

/** What stands before the header in the associated data: `label | length | cluster name` [P-3.4]. */
export function aadPrefix(cluster: string, transport: keyof typeof AAD_LABELS = 'udp'): Uint8Array {
  const encoder = new TextEncoder();
  const label = encoder.encode(AAD_LABELS[transport]);
  const name = encoder.encode(cluster);
  if (name.length < 1 || name.length > CLUSTER_NAME_BYTES_MAX)
    throw new RangeError(`cluster name: expected 1 to ${CLUSTER_NAME_BYTES_MAX} bytes; got ${name.length}`);
  const prefix = new Uint8Array(label.length + 1 + name.length);
  prefix.set(label);
  prefix[label.length] = name.length;
  prefix.set(name, label.length + 1);
  return prefix;
}

/** Four bytes, big-endian, as an unsigned integer. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** The lower 32 bits of `value`, big-endian. */
export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readCounter(bytes: Uint8Array, at: number): number {
  const high = readUint32(bytes, at);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + readUint32(bytes, at + 4) : Number.NaN;
}

/** Four bytes as a signed integer, which is a small one to the JavaScript engine. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
