import type { Version } from '../core/version.ts';
import { markOfKey } from '../wire/record-marks.ts';
import type { OwnerRecords } from './owner-records.ts';
import { isLive, type StoredRecord } from './stored-record.ts';

/**
 * What readers see of an owner's records that isn't what the table has: the record before one that waits, or what a reset didn't list.
 * The table itself, and what it tells others, knows the newest only.
 */
export class HeldBack {
  /** By the key of a record that waits: the one before, or nothing. */
  readonly #waiting = new Map<string, StoredRecord | undefined>();
  /** What a reset didn't list, until its owner says more: the table has nothing under these keys. */
  readonly #left = new Map<string, StoredRecord>();
  /** By the key of a record that waits: since when one does there. */
  readonly #since = new Map<string, number>();
  /** Keys of this owner's records by their mark, of those with a version from `#from` on. */
  readonly #byMark = new Map<number, string>();
  #from: Version = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #bodyBytes = 0;
  #unseen = 0;

  /** Records that wait, and what a reset left. */
  get size(): number {
    return this.#waiting.size + this.#left.size;
  }

  get waitingCount(): number {
    return this.#waiting.size;
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
  get since(): ReadonlyMap<string, number> {
    return this.#since;
  }

  has(key: string): boolean {
    return this.#waiting.has(key) || this.#left.has(key);
  }

  /** What readers see under a key that is held back. */
  get(key: string): StoredRecord | undefined {
    return this.#waiting.get(key) ?? this.#left.get(key);
  }

  /** Readers see this until what came after it may be shown. */
  wait(key: string, seen: StoredRecord | undefined, nowMs: number): void {
    const sinceMs = this.#since.get(key) ?? nowMs;
    this.delete(key);
    this.#waiting.set(key, seen);
    this.#since.set(key, sinceMs);
    this.#count(seen, 1);
    if (seen === undefined) this.#unseen++;
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
    this.#since.delete(key);
    this.#left.delete(key);
  }

  #count(seen: StoredRecord | undefined, sign: 1 | -1): void {
    this.#bytes += sign * (seen?.size ?? 0);
    this.#bodyBytes += sign * (seen?.body.length ?? 0);
  }

  /** A record is new in the table: others may wait for it. */
  note(record: StoredRecord): void {
    this.#byMark.set(markOfKey(record.key), record.key);
  }

  /** Makes all known that a record which waits may wait for. Each record is looked at once, however many wait. */
  cover(first: Version, records: OwnerRecords): void {
    if (first >= this.#from) return;
    for (const { key, version } of records.above(first - 1)) {
      if (version >= this.#from) break;
      const mark = markOfKey(key);
      if (!this.#byMark.has(mark)) this.#byMark.set(mark, key);
    }
    this.#from = first;
  }

  keyOf(mark: number): string | undefined {
    return this.#byMark.get(mark);
  }
}

/** Whether a record may have to wait for something else before readers see it [P-5.40, P-5.43]. */
export function waitsForOthers(record: StoredRecord): boolean {
  return isLive(record) && (record.batch !== undefined || isEmpty(record));
}

/** Whether a record's value travels apart and hasn't come. */
export function isEmpty(record: StoredRecord): boolean {
  return record.large !== undefined && record.content === undefined;
}

/**
 * Those of an owner's held-back records that readers may see now: each has its value, and for each other key of its batch there is a
 * record at least as new as the batch that is seen already, or becomes so with it. Ascending by version. Takes a time that grows with
 * the marks of what waits, no more: an owner's batches don't overlap, so what a batch waits for is of itself or of a later one.
 */
export function releasable(records: OwnerRecords): StoredRecord[] {
  const { held } = records;
  if (held === undefined) return [];
  const waiting: StoredRecord[] = [];
  for (const key of held.waiting.keys()) {
    const record = records.get(key);
    if (record !== undefined && !isEmpty(record)) waiting.push(record);
  }
  waiting.sort((a, b) => firstOf(b) - firstOf(a));
  const ready = new Set<StoredRecord>();
  const isWhole = (record: StoredRecord) => {
    const first = firstOf(record);
    return record.batch?.members.every((mark) => {
      const key = held.keyOf(mark);
      const other = key === undefined ? undefined : records.get(key);
      return other !== undefined && other.version >= first && (!held.has(other.key) || ready.has(other));
    });
  };
  for (let at = 0; at < waiting.length; ) {
    const first = firstOf(waiting[at]);
    const begin = at;
    for (; at < waiting.length && firstOf(waiting[at]) === first; at++) ready.add(waiting[at]);
    const batch = waiting.slice(begin, at);
    if (batch.some((record) => isWhole(record) === false)) for (const record of batch) ready.delete(record);
  }
  return [...ready].sort((a, b) => a.version - b.version);
}

/** The version of the first record of its batch; its own where it was put alone. */
export function firstOf({ version, batch }: StoredRecord): Version {
  return version - (batch?.index ?? 0);
}
