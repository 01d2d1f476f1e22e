import { randomFillSync } from 'node:crypto';

/** What somebody without a key can send to a node whose datagrams he sees. */
export const FORGERIES = [
  'unknown-salt',
  'known-salt',
  'wrong-cluster',
  'garbage',
  'replay',
  'join',
] as const;
export type Forgery = (typeof FORGERIES)[number];

const HEADER_BYTES = 32;
const OFFSET_KIND = 1;
const OFFSET_CLUSTER = 2;
const OFFSET_SALT = 8;
const OFFSET_COUNTER = 24;
/** What a join of a newcomer takes. */
const JOIN_BYTES = 1_200;
const BYTES = 300;

/**
 * Fills a buffer with a forgery.
 * @param captured datagrams of the cluster as they were on the wire; at least one.
 * @param number counts up, so that counters are fresh and captured datagrams take turns.
 * @returns the bytes to send, a view of `target`, which holds 1200.
 */
export function forge(
  kind: Forgery,
  target: Uint8Array,
  { captured, number }: { readonly captured: readonly Uint8Array[]; readonly number: number },
): Uint8Array {
  const real = captured[number % captured.length];
  if (kind === 'replay') {
    target.set(real);
    return target.subarray(0, real.length);
  }
  const bytes = target.subarray(0, kind === 'join' ? JOIN_BYTES : BYTES);
  randomFillSync(bytes);
  if (kind === 'garbage') return bytes;
  bytes.set(real.subarray(0, HEADER_BYTES));
  // Far ahead of what the sender has reached.
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(OFFSET_COUNTER, 1_000_000n + BigInt(number));
  if (kind === 'wrong-cluster') randomFillSync(bytes, OFFSET_CLUSTER, 4);
  if (kind !== 'known-salt') randomFillSync(bytes, OFFSET_SALT, 16);
  // A newcomer's first datagram is sealed to nobody in particular.
  if (kind === 'join' || kind === 'wrong-cluster') bytes[OFFSET_KIND] = (bytes[OFFSET_KIND] & 0xf0) | 2;
  return bytes;
}
