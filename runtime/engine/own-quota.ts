import { RESERVED_BYTES, RESERVED_RECORDS } from '../core/limits.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { isLive, type StoredRecord } from '../data/stored-record.ts';

/** How much of what a node may put is used. Tombstones count, until they are collected. */
export interface QuotaUsage {
  readonly records: number;
  readonly recordsMax: number;
  /** Encoded bytes, a value that travels apart by its full length. */
  readonly bytes: number;
  readonly bytesMax: number;
}

/** What of an owner's room applications may use: the rest is kept for what the protocol itself has to say. */
export class OwnQuota {
  readonly #recordsMax: number;
  readonly #bytesMax: number;
  readonly #records: () => OwnerRecords;

  constructor(
    limits: { readonly recordsPerOwnerMax: number; readonly bytesPerOwnerMax: number },
    records: () => OwnerRecords,
  ) {
    this.#recordsMax = limits.recordsPerOwnerMax - RESERVED_RECORDS;
    this.#bytesMax = limits.bytesPerOwnerMax - RESERVED_BYTES;
    this.#records = records;
  }

  get usage(): QuotaUsage {
    const { size, bytes } = this.#records();
    return { records: size, recordsMax: this.#recordsMax, bytes, bytesMax: this.#bytesMax };
  }

  /**
   * Why these can't be put together: what is used, what they would take, what is allowed; undefined: they can.
   * @param options `live`: as if all tombstones and what has ended were collected.
   */
  problemWith(added: readonly StoredRecord[], options: { readonly of: 'all' | 'live' }): string | undefined {
    const records = this.#records();
    let { size, bytes } = records;
    const counts = (record: StoredRecord) => options.of === 'all' || isLive(record);
    if (options.of === 'live')
      for (const record of records.values()) {
        if (isLive(record)) continue;
        size--;
        bytes -= record.size;
      }
    for (const record of added) {
      const present = records.get(record.key);
      const before = present !== undefined && counts(present) ? present : undefined;
      if (before === undefined) size++;
      bytes += record.size - (before?.size ?? 0);
    }
    const what = added.length === 1 ? added[0].key : `${added.length} records from ${added[0].key} on`;
    if (size > this.#recordsMax)
      return `${what}: this node has ${records.size} of at most ${this.#recordsMax} records, and would have ${size}. Delete some, or give them a ttl.`;
    if (bytes > this.#bytesMax)
      return `${what}: this node's records take ${records.bytes} of at most ${this.#bytesMax} bytes, and would take ${bytes}. Delete some, or make them smaller.`;
    return undefined;
  }
}
