import type { AppValue, Quality } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { Priority } from '../core/views.ts';
import type { RecordBody } from '../wire/record.ts';

/** A record in the table: the owner's bytes as they travel, and what is read from them. Never changed in place. */
export interface StoredRecord {
  readonly key: string;
  readonly version: Version;
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
  readonly value: AppValue;
  readonly unit: string | undefined;
  readonly quality: Quality;
  readonly priority: Priority;
  readonly ttlMs: number | undefined;
  readonly deleted: boolean;
  /** Its validity ended: kept as its owner's bytes, for those who still have its elder, until the gc line passes it. */
  readonly expired: boolean;
  /** When its owner set it, on this node's boot-time clock; may lie before this node's start. */
  readonly setAtMs: number;
  /** The age's error bound in milliseconds; null where the age is only a lower bound (it came through other holders). */
  readonly ageBoundMs: number | null;
}

/** Joins a decoded body with its bytes and age. */
export function storedRecord(
  body: RecordBody,
  bytes: Uint8Array,
  origin: { setAtMs: number; ageBoundMs: number | null; signature?: Uint8Array },
): StoredRecord {
  return {
    key: body.key,
    version: body.version,
    body: bytes,
    signature: origin.signature,
    value: body.value,
    unit: body.unit,
    quality: body.quality,
    priority: body.priority,
    ttlMs: body.ttlMs,
    deleted: body.deleted,
    expired: false,
    setAtMs: origin.setAtMs,
    ageBoundMs: origin.ageBoundMs,
  };
}

/** Whether readers see the record: it's neither a tombstone nor expired. */
export function isLive(record: StoredRecord): boolean {
  return !record.deleted && !record.expired;
}

/** What is kept of a record whose validity ended: what it takes to pass it on. */
export function expiredRecord(record: StoredRecord): StoredRecord {
  return { ...record, value: null, expired: true };
}

/** When the record's validity ends on this node's clock; Infinity without a ttl. */
export function expiresAtMs(record: StoredRecord): number {
  return record.ttlMs === undefined ? Number.POSITIVE_INFINITY : record.setAtMs + record.ttlMs;
}
