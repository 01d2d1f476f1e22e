import type { NodeId } from '../core/ids.ts';
import { markOfKey } from '../wire/record-marks.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { HeldBack, waitsForOthers } from './held-back.ts';
import type { OwnerRecords } from './owner-records.ts';
import { expiresAtMs, isLive, type StoredRecord } from './stored-record.ts';
import type { ValueShelf } from './value-shelf.ts';

/** One change of the table. `record` is the one put, or the one that went. */
export interface TableChange {
  readonly change: 'put' | 'delete' | 'expire' | 'forget';
  readonly owner: NodeId;
  readonly record: StoredRecord;
}

/** A record that came and that readers don't see yet. */
export interface WaitingRecord {
  readonly records: OwnerRecords;
  readonly key: string;
  /** Since it came, or an older one that it took the place of. */
  readonly sinceMs: number;
}

/** What a reset didn't list is seen for so long, unless its owner says more of it before: the rest of the reset may be on its way. */
export const RESET_GRACE_MS = 60_000;
const NOTHING_HELD: Pick<HeldBack, 'waiting' | 'left'> = { waiting: new Map(), left: new Map() };
/** In the queue of what ends, a reset's grace stands under a key that no record has. */
const RESET = '';

/** What readers see of the table, where that isn't the newest of each key [P-5.41]; tells each change of it. */
export class ReaderView {
  readonly #values: ValueShelf;
  readonly #limits: { readonly recordsPerOwnerMax: number; readonly bytesPerOwnerMax: number };
  readonly #hasRoom: (bytes: number) => boolean;
  readonly #onChange: (change: TableChange) => void;
  /** When what readers see in the place of something else ends. */
  readonly #ends = new ExpiryQueue();
  /** Owners of which something is held back. */
  readonly #holding = new Set<OwnerRecords>();
  #count = 0;
  #bytes = 0;
  #bodyBytes = 0;
  #surplus = 0;

  constructor(parts: {
    values: ValueShelf;
    limits: { readonly recordsPerOwnerMax: number; readonly bytesPerOwnerMax: number };
    /** Whether so many bytes more of what is seen may be kept. */
    hasRoom: (bytes: number) => boolean;
    onChange: (change: TableChange) => void;
  }) {
    this.#values = parts.values;
    this.#limits = parts.limits;
    this.#hasRoom = parts.hasRoom;
    this.#onChange = parts.onChange;
  }

  /** Records of all owners that wait, and such as a reset left. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of what is seen and isn't in the table any more. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of it without values that travel apart. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** So many more records than live ones in the table are seen; below 0: fewer. */
  get surplus(): number {
    return this.#surplus;
  }

  /** When something of it ends; Infinity where nothing will. */
  get nextMs(): number {
    return this.#ends.nextMs;
  }

  /**
   * A record took the place of another in the table. What this makes whole is shown by `release`. Where there is no room for what readers
   * see in its place, they see nothing until then.
   * @param options `own`: of this node's own records, which wait only until all of a batch is put.
   */
  show(
    records: OwnerRecords,
    {
      before,
      record,
      nowMs,
      own,
    }: { before: StoredRecord | undefined; record: StoredRecord; nowMs: number; own: boolean },
  ): void {
    const { key } = record;
    const waits = waitsForOthers(record);
    if (records.held === undefined && !waits) {
      this.#tell(records, before, record);
      return;
    }
    const isHeld = records.held?.has(key) === true;
    const seen = isHeld ? records.held?.get(key) : before;
    if (!waits) {
      this.#drop(records, key);
      records.held?.see(key, record.version);
      this.#tell(records, seen, record);
      return;
    }
    const held = this.#heldOf(records);
    if (!isHeld && before !== undefined) held.see(key, before.version);
    const live = seen !== undefined && isLive(seen) ? seen : undefined;
    const kept = isHeld || own || this.#hasRoomFor(held, live) ? live : undefined;
    this.#change(records, () => held.wait(records, { record, seen: kept, nowMs }));
    if (kept !== undefined) this.#endWith(records, kept);
    else if (live !== undefined) this.#tellGone('forget', records, live);
  }

  /** The value of a record that waits has come. */
  fill(records: OwnerRecords, key: string): void {
    records.held?.fill(key);
  }

  /** Shows all at once what is whole now. */
  release(records: OwnerRecords): void {
    const { held } = records;
    if (held === undefined) return;
    const whole: StoredRecord[] = [];
    // What is seen by this may make others whole.
    for (let keys = held.takeWhole(); keys !== undefined; keys = held.takeWhole())
      for (const key of keys) {
        const record = records.get(key)!;
        whole.push(record);
        this.#drop(records, key);
        held.see(key, record.version);
      }
    whole.sort((a, b) => a.version - b.version);
    for (const record of whole) this.#tell(records, undefined, record);
  }

  /**
   * A reset doesn't list these, and the table will have them no more: what comes next may be the rest of a batch, or the same long value
   * again. So readers go on seeing what is of a batch, or replaced a record of one, and long values.
   */
  leave(records: OwnerRecords, unlisted: readonly StoredRecord[], nowMs: number): void {
    const gone = unlisted.map((record) => ({ record, seen: this.#seenOf(records, record) }));
    // Of those too that the reset lists: what replaced a record of their batch may come later.
    const { waiting, left } = records.held ?? NOTHING_HELD;
    const all = [...records.values(), ...waiting.values(), ...left.values()];
    const mates = new Set(all.flatMap((each) => each?.batch?.members ?? []));
    let hasLeft = false;
    for (const { record, seen } of gone) {
      if (
        seen !== undefined &&
        (seen.large !== undefined || (mates.size > 0 && mates.has(markOfKey(seen.key))))
      ) {
        this.#heldOf(records);
        this.#change(records, (held) => held.leave(seen));
        this.#endWith(records, seen);
        hasLeft = true;
      } else this.forget(records, record);
    }
    if (hasLeft) this.#ends.add(nowMs + RESET_GRACE_MS, { owner: records.owner, key: RESET, version: 0 });
  }

  /** The table has no more what a reset didn't list: more than an owner may have isn't kept of it. */
  boundLeft(records: OwnerRecords): void {
    const { held } = records;
    if (held === undefined) return;
    if (held.left.size > this.#limits.recordsPerOwnerMax || held.bytes > this.#bytesMax)
      this.endReset(records);
  }

  /** A record is gone from the table, and for readers. */
  forget(records: OwnerRecords, record: StoredRecord): void {
    const seen = this.#seenOf(records, record);
    this.#drop(records, record.key);
    if (seen !== undefined) this.#tellGone('forget', records, seen);
  }

  /** What resets left is gone, and what is seen of the same batches with it. */
  endReset(records: OwnerRecords): void {
    const { held } = records;
    if (held === undefined || held.left.size === 0) return;
    const gone = new Set<number>();
    for (const [key, record] of [...held.left]) {
      gone.add(markOfKey(key));
      this.#drop(records, key);
      this.#tellGone('forget', records, record);
    }
    for (const [key, seen] of [...held.waiting])
      if (seen?.batch?.members.some((mark) => gone.has(mark))) this.#lose(records, key, 'forget');
  }

  /** What readers see may have another age than was thought. @param agedOf what it is now; undefined: as it was. */
  ageAnew(records: OwnerRecords, agedOf: (record: StoredRecord) => StoredRecord | undefined): void {
    const { held } = records;
    if (held === undefined) return;
    for (const seen of [...held.waiting.values(), ...held.left.values()]) {
      const aged = seen && agedOf(seen);
      if (aged === undefined) continue;
      held.replace(aged);
      this.#endWith(records, aged);
    }
  }

  /** Records that have waited since before. */
  waitingSince(beforeMs: number): WaitingRecord[] {
    const waiting: WaitingRecord[] = [];
    for (const records of this.#holding)
      for (const [key, sinceMs] of records.held?.since ?? [])
        if (sinceMs < beforeMs) waiting.push({ records, key, sinceMs });
    return waiting;
  }

  /** Ends what is over. */
  end(nowMs: number, ownerOf: (owner: NodeId) => OwnerRecords | undefined): void {
    for (let due = this.#ends.take(nowMs); due !== undefined; due = this.#ends.take(nowMs)) {
      const records = ownerOf(due.owner);
      if (records?.held === undefined) continue;
      if (due.key === RESET) this.endReset(records);
      else if (records.held.get(due.key)?.version === due.version) this.#lose(records, due.key, 'expire');
    }
  }

  /** What readers see in the place of a record of the table. */
  #seenOf({ held }: OwnerRecords, record: StoredRecord): StoredRecord | undefined {
    const seen = held?.has(record.key) ? held.get(record.key) : record;
    return seen !== undefined && isLive(seen) ? seen : undefined;
  }

  /** Its owner's quota may be seen once more: what it has now, and what it had before. */
  get #bytesMax(): number {
    return 2 * this.#limits.bytesPerOwnerMax;
  }

  #hasRoomFor(held: HeldBack, seen: StoredRecord | undefined): boolean {
    return (
      seen === undefined || (held.bytes + seen.size <= this.#bytesMax && this.#hasRoom(seen.body.length))
    );
  }

  /** Readers see nothing any more under a key, though something may wait there. */
  #lose(records: OwnerRecords, key: string, change: 'expire' | 'forget'): void {
    const seen = records.held?.get(key);
    if (records.held?.waiting.has(key)) {
      this.#giveValue(seen);
      if (seen !== undefined) this.#change(records, (held) => held.unsee(key));
    } else this.#drop(records, key);
    if (seen !== undefined) this.#tellGone(change, records, seen);
  }

  #drop(records: OwnerRecords, key: string): void {
    if (records.held?.has(key) !== true) return;
    this.#giveValue(records.held.get(key));
    this.#ends.remove(records.owner, key);
    this.#change(records, (held) => held.delete(key));
    if (records.held.left.size === 0) this.#ends.remove(records.owner, RESET);
    if (records.held.size > 0) return;
    records.held = undefined;
    this.#holding.delete(records);
  }

  #giveValue(seen: StoredRecord | undefined): void {
    if (seen?.content !== undefined) this.#values.give(seen.large!.hash);
  }

  #heldOf(records: OwnerRecords): HeldBack {
    records.held ??= new HeldBack();
    this.#holding.add(records);
    return records.held;
  }

  #change(records: OwnerRecords, change: (held: HeldBack) => void): void {
    const held = records.held!;
    const { size, bytes, bodyBytes, surplus } = held;
    change(held);
    this.#count += held.size - size;
    this.#bytes += held.bytes - bytes;
    this.#bodyBytes += held.bodyBytes - bodyBytes;
    this.#surplus += held.surplus - surplus;
  }

  #endWith({ owner }: OwnerRecords, seen: StoredRecord): void {
    if (seen.ttlMs !== undefined)
      this.#ends.add(expiresAtMs(seen), { owner, key: seen.key, version: seen.version });
  }

  #tell(records: OwnerRecords, before: StoredRecord | undefined, record: StoredRecord): void {
    if (isLive(record)) this.#onChange({ change: 'put', owner: records.owner, record });
    else if (before !== undefined && isLive(before))
      if (record.expired) this.#tellGone('expire', records, before);
      else this.#tellGone('delete', records, record);
  }

  #tellGone(change: 'delete' | 'expire' | 'forget', { owner }: OwnerRecords, record: StoredRecord): void {
    this.#onChange({ change, owner, record });
  }
}
