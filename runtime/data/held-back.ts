import type { Version } from '../core/version.ts';
import { BatchWaits } from './batch-waits.ts';
import type { OwnerRecords } from './owner-records.ts';
import { firstOf, isEmpty, isLive, type StoredRecord } from './stored-record.ts';

/**
 * What readers see of an owner's records that isn't what the table has: the record before one that waits, or what a reset didn't list.
 * The table itself, and what it tells others, knows the newest only.
 */
export class HeldBack {
  /** By the key of a record that waits: the one before, or nothing. */
  readonly #waiting = new Map<string, StoredRecord | undefined>();
  /** What a reset didn't list, until its owner says more: the table has nothing under these keys. */
  readonly #left = new Map<string, StoredRecord>();
  readonly #waits = new BatchWaits();
  /** What is seen from this version on is known to those that wait. */
  #from: Version = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #bodyBytes = 0;
  #unseen = 0;

  /** Records that wait, and what a reset left. */
  get size(): number {
    return this.#waiting.size + this.#left.size;
  }

  /** Bytes of what is seen and isn't in the table any more, values that travel apart by their full length. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of these without values that travel apart. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** So many more records than live ones in the table are seen: what a reset left, less what waits where nothing was. */
  get surplus(): number {
    return this.#left.size - this.#unseen;
  }

  get left(): ReadonlyMap<string, StoredRecord> {
    return this.#left;
  }

  get waiting(): ReadonlyMap<string, StoredRecord | undefined> {
    return this.#waiting;
  }

  /** Keys whose newest record waits, and since when one does there. */
  get since(): IterableIterator<readonly [key: string, sinceMs: number]> {
    return this.#waits.since();
  }

  has(key: string): boolean {
    return this.#waiting.has(key) || this.#left.has(key);
  }

  /** What readers see under a key that is held back. */
  get(key: string): StoredRecord | undefined {
    return this.#waiting.get(key) ?? this.#left.get(key);
  }

  /** A record of the table waits; readers see another under its key until it may be shown, or nothing. */
  wait(
    records: OwnerRecords,
    { record, seen, nowMs }: { record: StoredRecord; seen: StoredRecord | undefined; nowMs: number },
  ): void {
    const { key } = record;
    const sinceMs = this.#waits.sinceOf(key) ?? nowMs;
    this.delete(key);
    this.#waiting.set(key, seen);
    this.#count(seen, 1);
    if (seen === undefined) this.#unseen++;
    this.#cover(firstOf(record), records);
    this.#waits.add(record, sinceMs);
  }

  /** The value of a record that waits has come. */
  fill(key: string): void {
    this.#waits.fill(key);
  }

  /** The same record with another age. */
  replace(record: StoredRecord): void {
    const { key } = record;
    if (this.#waiting.has(key)) this.#waiting.set(key, record);
    else this.#left.set(key, record);
  }

  /** Nothing is seen there any more, though something goes on waiting. */
  unsee(key: string): void {
    this.#count(this.#waiting.get(key), -1);
    this.#waiting.set(key, undefined);
    this.#unseen++;
  }

  /** Readers go on seeing this, though the table has nothing under its key. */
  leave(record: StoredRecord): void {
    this.delete(record.key);
    this.#left.set(record.key, record);
    this.#count(record, 1);
  }

  delete(key: string): void {
    const seen = this.get(key);
    this.#count(seen, -1);
    if (this.#waiting.delete(key) && seen === undefined) this.#unseen--;
    this.#left.delete(key);
    this.#waits.remove(key);
  }

  #count(seen: StoredRecord | undefined, sign: 1 | -1): void {
    this.#bytes += sign * (seen?.size ?? 0);
    this.#bodyBytes += sign * (seen?.body.length ?? 0);
  }

  /** Readers see this version of a key, or that it was deleted or has ended: others may wait for it. */
  see(key: string, version: Version): void {
    this.#waits.see(key, version);
  }

  /** The table has nothing of a key any more. */
  forget(key: string): void {
    this.#waits.unsee(key);
  }

  /** Takes the keys of a batch that readers may see now. undefined: there is none. */
  takeWhole(): readonly string[] | undefined {
    return this.#waits.takeWhole();
  }

  /** Makes all that is seen known that a record may wait for. Each record is looked at once, however many wait. */
  #cover(first: Version, records: OwnerRecords): void {
    if (first >= this.#from) return;
    for (const { key, version } of records.above(first - 1)) {
      if (version >= this.#from) break;
      this.see(key, this.#waiting.has(key) ? (this.#waiting.get(key)?.version ?? 0) : version);
    }
    this.#from = first;
  }
}

/** Whether a record may have to wait for something else before readers see it [P-5.40, P-5.43]. */
export function waitsForOthers(record: StoredRecord): boolean {
  return isLive(record) && (record.batch !== undefined || isEmpty(record));
}
