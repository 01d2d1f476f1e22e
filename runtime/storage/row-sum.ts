import { crc32 } from 'node:zlib';
import type { StoredRow } from './table-store.ts';

/**
 * The checksum of a row, 32 bits: over all of it but its number. A database knows whether its pages hang together, not whether a medium gave
 * back what was written.
 */
export function sumOfRow(row: StoredRow): number {
  const { owner, key, version, gc, setAtMs, ageBoundMs, era, expired, check, body, signature, content } = row;
  const head = JSON.stringify([
    owner,
    key,
    version,
    gc,
    setAtMs,
    ageBoundMs,
    era,
    expired,
    check,
    body.length,
  ]);
  const sum = crc32(body, crc32(head));
  const signed = signature === undefined ? sum : crc32(signature, sum);
  return content === undefined ? signed : crc32(content, signed);
}
