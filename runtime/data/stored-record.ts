import type { AppValue, Quality } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { Priority } from '../core/views.ts';
import type { BatchMark, LargeMark, RecordBody } from '../wire/record.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import { decodeLargeValue } from './large-value.ts';

/** Where a record's bytes came from, and when. */
export interface RecordOrigin {
  readonly setAtMs: number;
  readonly ageBoundMs: number | null;
  readonly signature?: Uint8Array | undefined;
  /** Of a record whose value travels apart: the value's bytes, checked against its hash; absent: they haven't come. */
  readonly content?: Uint8Array | undefined;
}

/** A record in the table: the owner's bytes as they travel, and what is read from them. Never changed in place. */
export class StoredRecord {
  readonly key: string;
  readonly version: Version;
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
  readonly unit: string | undefined;
  readonly quality: Quality;
  readonly priority: Priority;
  readonly ttlMs: number | undefined;
  readonly deleted: boolean;
  /** Its validity ended: kept as its owner's bytes, for those who still have its elder, until the gc line passes it. */
  readonly expired: boolean;
  /** When its owner set it, on this node's boot-time clock; may lie before this node's start. */
  readonly setAtMs: number;
  /** The age's error bound in milliseconds; null where the age is only a lower bound (it came through other holders), Infinity where it's unknown (`isAgeUnknown`). */
  readonly ageBoundMs: number | null;
  readonly batch: BatchMark | undefined;
  readonly large: LargeMark | undefined;
  /** The bytes of a value that travels apart; undefined: the value is in the record, or hasn't come yet. */
  readonly content: Uint8Array | undefined;

  constructor(
    about: Omit<RecordBody, 'value' | 'uptimeMs'>,
    bytes: Uint8Array,
    origin: RecordOrigin & { readonly expired?: boolean },
  ) {
    this.key = about.key;
    this.version = about.version;
    this.body = bytes;
    this.signature = origin.signature;
    this.unit = about.unit;
    this.quality = about.quality;
    this.priority = about.priority;
    this.ttlMs = about.ttlMs;
    this.deleted = about.deleted;
    this.expired = origin.expired === true;
    this.setAtMs = origin.setAtMs;
    this.ageBoundMs = origin.ageBoundMs;
    this.batch = about.batch;
    this.large = about.large;
    this.content = origin.content;
  }

  /** Bytes that it counts for: with those of a value that travels apart, whether they are here or not. */
  get size(): number {
    return this.large === undefined || this.expired ? this.body.length : this.body.length + this.large.length;
  }

  /**
   * Read from the bytes each time, because a decoded value takes several times their memory and most are read once, when they come.
   * null for a tombstone and for what has expired.
   */
  get value(): AppValue {
    if (this.deleted || this.expired) return null;
    if (latest?.record !== this) latest = { record: this, value: this.#read() };
    return latest.value;
  }

  #read(): AppValue {
    if (this.large === undefined) return decodeRecord(this.body)?.value ?? null;
    return (this.content && decodeLargeValue(this.content)) ?? null;
  }
}

/** The value that was read last, with its record: whoever hears of a change reads it at once. */
let latest: { readonly record: StoredRecord; readonly value: AppValue } | undefined;

/** Joins a decoded body with its bytes, which are kept as they are, and its age. */
export function storedRecord(body: RecordBody, bytes: Uint8Array, origin: RecordOrigin): StoredRecord {
  const record = new StoredRecord(body, bytes, origin);
  if (record.large === undefined) latest = { record, value: body.value };
  return record;
}

/** Whether readers see the record: it's neither a tombstone nor expired. */
export function isLive(record: StoredRecord): boolean {
  return !record.deleted && !record.expired;
}

/** Whether a record's value travels apart and hasn't come. */
export function isEmpty(record: StoredRecord): boolean {
  return record.large !== undefined && record.content === undefined;
}

/** The version of the first record of its batch; its own where it was put alone. */
export function firstOf({ version, batch }: StoredRecord): Version {
  return version - (batch?.index ?? 0);
}

/** Whether nobody knows how old the record is: a holder was off since it got it, and its owner's clock wasn't heard since. */
export function isAgeUnknown({ ageBoundMs }: Pick<RecordOrigin, 'ageBoundMs'>): boolean {
  return ageBoundMs === Number.POSITIVE_INFINITY;
}

/** What is kept of a record whose validity ended: what it takes to pass it on. */
export function expiredRecord(record: StoredRecord): StoredRecord {
  const { setAtMs, ageBoundMs, signature } = record;
  return new StoredRecord(record, record.body, { setAtMs, ageBoundMs, signature, expired: true });
}

/** The record with another age. */
export function agedRecord(
  record: StoredRecord,
  age: { readonly setAtMs: number; readonly ageBoundMs: number | null },
): StoredRecord {
  return new StoredRecord(record, record.body, { ...originOf(record), ...age });
}

/** When the record's validity ends on this node's clock; Infinity without a ttl. */
export function expiresAtMs(record: StoredRecord): number {
  return record.ttlMs === undefined ? Number.POSITIVE_INFINITY : record.setAtMs + record.ttlMs;
}

/** The record with its value, which came apart from it. */
export function filledRecord(record: StoredRecord, content: Uint8Array): StoredRecord {
  return new StoredRecord(record, record.body, { ...originOf(record), content });
}

function originOf({ setAtMs, ageBoundMs, signature, content }: StoredRecord): RecordOrigin {
  return { setAtMs, ageBoundMs, signature, content };
}
