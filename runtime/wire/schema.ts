import { NODE_ID_BYTES, type NodeId } from '../core/ids.ts';
import { BOOT_MAX, makeVersion, type Version } from '../core/version.ts';

import { knownNodeId } from './known-names.ts';

/** Small readers of decoded items: each gives the value in its own type, or undefined where the item is something else. */

/** An integer from 0 to `max`, at most 2^53 - 1. */
export function asUint(raw: unknown, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = typeof raw === 'bigint' ? Number(raw) : raw;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
    ? value
    : undefined;
}

/** An integer of either sign whose magnitude is below 2^53. */
export function asInt(raw: unknown): number | undefined {
  const value = typeof raw === 'bigint' ? Number(raw) : raw;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

export function asUint32(raw: unknown): number | undefined {
  return asUint(raw, 0xffff_ffff);
}

/** @param min 1 where a boot is known, 0 where "not known" is allowed. */
export function asBoot(raw: unknown, min: 0 | 1): number | undefined {
  const boot = asUint(raw, BOOT_MAX);
  return boot !== undefined && boot >= min ? boot : undefined;
}

/** The highest version there is: beyond it lie boots that no node has [P-1.3, P-1.4]. */
export const VERSION_MAX: Version = makeVersion(BOOT_MAX, 0xffff_ffff);

/** A version, or 0 for "before every version". */
export function asVersion(raw: unknown): Version | undefined {
  return asUint(raw, VERSION_MAX);
}

export function asNodeId(raw: unknown): NodeId | undefined {
  return raw instanceof Uint8Array && raw.length === NODE_ID_BYTES ? knownNodeId(raw) : undefined;
}

/** A copy of a byte string, of exactly `length` bytes where given: the decoded one is a view of the datagram. */
export function asBytes(raw: unknown, length?: number): Uint8Array | undefined {
  if (!(raw instanceof Uint8Array)) return undefined;
  return length === undefined || raw.length === length ? new Uint8Array(raw) : undefined;
}

export function asArray(raw: unknown): readonly unknown[] | undefined {
  return Array.isArray(raw) ? raw : undefined;
}

/** All items read by `read`, or undefined where one is wrong or there are fewer than `min`. */
export function asList<T>(
  raw: unknown,
  min: number,
  read: (item: unknown) => T | undefined,
): T[] | undefined {
  if (!Array.isArray(raw) || raw.length < min) return undefined;
  return readAll(raw, 0, read);
}

/** The items from `start` on, each read by `read`; undefined where one is wrong. */
export function readAll<T>(
  items: readonly unknown[],
  start: number,
  read: (item: unknown) => T | undefined,
): T[] | undefined {
  const list: T[] = [];
  for (let i = start; i < items.length; i++) {
    const item = read(items[i]);
    if (item === undefined) return undefined;
    list.push(item);
  }
  return list;
}
