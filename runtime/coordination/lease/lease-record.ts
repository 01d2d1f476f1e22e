import { fromHex, NODE_ID_BYTES, type NodeId, toHex } from '../../core/ids.ts';
import { BALLOT_MAX, LEASE_TTL_MS_MAX } from '../../core/limits.ts';
import type { AppValue } from '../../core/value.ts';
import { BOOT_MAX } from '../../core/version.ts';
import { asBytes, asUint, asUint32 } from '../../wire/schema.ts';
import { problemOfLeaseName } from './lease-name.ts';
import type { LeasePromise } from './promise.ts';

/** What a voter tells everybody of one of its promises [P-17.9]. */
export interface LeaseReport {
  readonly holder: NodeId;
  readonly boot: number;
  readonly fence: number;
  readonly ballot: number;
  readonly ttlMs: number;
  /** Whether the promise stands. */
  readonly live: boolean;
  readonly rosterVersion: number;
}

const PREFIX = 'sys/lease/';

export function leaseKey(name: string): string {
  return `${PREFIX}${name}`;
}

/** The name in a key; undefined where it isn't a lease's. */
export function leaseOfKey(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const name = key.slice(PREFIX.length);
  return problemOfLeaseName(name) === undefined ? name : undefined;
}

/** `lease-value = [ holder, boot, fence, ballot, ttl-ms, live, roster-version ]`. */
export function encodeLeaseReport(promise: LeasePromise, rosterVersion: number): AppValue {
  const { holder, boot, fence, ballot, ttlMs, live } = promise;
  return [fromHex(holder), boot, fence, ballot, ttlMs, live, rosterVersion];
}

/** @returns undefined where the value is no such report. */
export function decodeLeaseReport(value: AppValue): LeaseReport | undefined {
  if (!Array.isArray(value)) return undefined;
  const [rawHolder, rawBoot, rawFence, rawBallot, rawTtl, live, rawVersion] = value as AppValue[];
  const holder = asBytes(rawHolder, NODE_ID_BYTES);
  const [boot, ttlMs] = [asUint(rawBoot, BOOT_MAX), asUint(rawTtl, LEASE_TTL_MS_MAX)];
  const [fence, ballot] = [asUint(rawFence, BALLOT_MAX), asUint(rawBallot, BALLOT_MAX)];
  const rosterVersion = asUint32(rawVersion);
  if (holder === undefined || boot === undefined || ttlMs === undefined) return undefined;
  if (fence === undefined || ballot === undefined || rosterVersion === undefined) return undefined;
  return typeof live === 'boolean'
    ? { holder: toHex(holder), boot, fence, ballot, ttlMs, live, rosterVersion }
    : undefined;
}
