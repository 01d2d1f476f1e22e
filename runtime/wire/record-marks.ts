import { BATCH_RECORDS_MAX, LARGE_VALUE_BYTES_MAX } from '../core/limits.ts';
import type { AppValue } from '../core/value.ts';
import { readUint32, writeUint32 } from './header.ts';
import type { BatchMark, LargeMark } from './record.ts';
import { asUint } from './schema.ts';

const MARK_BYTES = 4;
const HASH_BYTES = 32;
const FNV_START = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

const encoder = new TextEncoder();

/**
 * A key's mark within a batch: FNV-1a of 32 bits over its UTF-8 [P-5.40]. It tells an owner's keys apart, and is no protection: an owner
 * whose keys collide hurts nobody but itself.
 */
export function markOfKey(key: string): number {
  let mark = FNV_START;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code >= 0x80) return markOfBytes(encoder.encode(key));
    mark = Math.imul(mark ^ code, FNV_PRIME);
  }
  return mark >>> 0;
}

function markOfBytes(bytes: Uint8Array): number {
  let mark = FNV_START;
  for (const byte of bytes) mark = Math.imul(mark ^ byte, FNV_PRIME);
  return mark >>> 0;
}

/** `[ index, members ]`. */
export function batchToMeta({ index, members }: BatchMark): AppValue {
  const bytes = new Uint8Array(MARK_BYTES * members.length);
  for (const [place, mark] of members.entries()) writeUint32(bytes, MARK_BYTES * place, mark);
  return [index, bytes];
}

/** @returns undefined where it is none: 2 to 32 members, and a place among them. */
export function readBatch(raw: unknown): BatchMark | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [rawIndex, bytes] = raw as unknown[];
  if (!(bytes instanceof Uint8Array) || bytes.length % MARK_BYTES !== 0) return undefined;
  const count = bytes.length / MARK_BYTES;
  const index = asUint(rawIndex, count - 1);
  if (index === undefined || count < 2 || count > BATCH_RECORDS_MAX) return undefined;
  return { index, members: Array.from({ length: count }, (_, i) => readUint32(bytes, MARK_BYTES * i)) };
}

/** `[ length, hash ]`. */
export function largeToMeta({ length, hash }: LargeMark): AppValue {
  return [length, hash];
}

/** @returns undefined where it is none: 1 to 16384 bytes, and a SHA-256. Copies the hash. */
export function readLarge(raw: unknown): LargeMark | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [rawLength, hash] = raw as unknown[];
  const length = asUint(rawLength, LARGE_VALUE_BYTES_MAX);
  if (length === undefined || length < 1) return undefined;
  return hash instanceof Uint8Array && hash.length === HASH_BYTES
    ? { length, hash: hash.slice() }
    : undefined;
}
