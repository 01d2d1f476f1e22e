import { BootRises } from '../core/boot-rises.ts';
import type { NodeId } from '../core/ids.ts';
import { bootOf, type Version } from '../core/version.ts';
import type { HeldBack } from './held-back.ts';
import type { PassedOver } from './passed-over.ts';
import { expiresAtMs, isLive, type StoredRecord } from './stored-record.ts';
import { bucketOf } from './table-hash.ts';

/** Up to so many records are looked through; more get an index. Most owners have a few, and there may be thousands of owners. */
const INDEXED_FROM = 9;

/** How far an owner vouched for its own versions, and for its gc line. */
export interface Proven {
  readonly provenTo: Version;
  readonly provenGc: Version;
}

/** Where owners don't sign, everybody's claims count. */
const BELIEVED: Proven = { provenTo: Number.POSITIVE_INFINITY, provenGc: Number.POSITIVE_INFINITY };

/** Where they do, nothing does before they said something. */
export const NOTHING_PROVEN: Proven = { provenTo: 0, provenGc: 0 };

/** All that a holder has of one owner: its records and the lines `known` and `gc` [P-5.2]. */
export class OwnerRecords {
  readonly owner: NodeId;
  readonly bucket: number;
  /** Only where there are many. */
  #byKey: Map<string, StoredRecord> | undefined;
  /** Ascending by version. With an index it may hold replaced records, until compacted. */
  #ordered: StoredRecord[] = [];
  #known: Version;
  #gc: Version;
  #bytes = 0;
  /** Made at its first restart. */
  #rises: BootRises | undefined;
  #live = 0;
  /** What readers don't see yet; absent as long as there is nothing, which is nearly always. */
  held: HeldBack | undefined;
  /** What it wasn't entitled to; absent as long as there is nothing. */
  passedOver: PassedOver | undefined;
  /** Something of this owner was refused for a limit here: not asked for again before then. */
  refusedUntilMs = Number.NEGATIVE_INFINITY;
  /** The highest version that the owner itself vouched for, and the highest gc line: what others claim beyond them isn't believed. */
  #proven: Proven;
  /** When a line last changed, on this node's clock. */
  changedAtMs = Number.NEGATIVE_INFINITY;
  /** Rises with each change of its lines or records: counted by the table, for whoever keeps it over restarts. */
  revision = 0;
  /** Of the lines, when they were last hashed: kept here by `TableHash`. */
  hashHigh = 0;
  hashLow = 0;
  hashStale = false;

  constructor(
    owner: NodeId,
    lines: { known: Version; gc: Version } = { known: 0, gc: 0 },
    proven: Proven = BELIEVED,
  ) {
    this.owner = owner;
    this.#proven = proven;
    this.bucket = bucketOf(owner);
    this.#known = lines.known;
    this.#gc = lines.gc;
  }

  get known(): Version {
    return this.#known;
  }

  get gc(): Version {
    return this.#gc;
  }

  get provenTo(): Version {
    return this.#proven.provenTo;
  }

  get provenGc(): Version {
    return this.#proven.provenGc;
  }

  /** Notes what the owner vouched for. */
  prove({ provenTo, provenGc }: Proven): void {
    const before = this.#proven;
    if (provenTo <= before.provenTo && provenGc <= before.provenGc) return;
    this.#proven = {
      provenTo: Math.max(before.provenTo, provenTo),
      provenGc: Math.max(before.provenGc, provenGc),
    };
  }

  /** The highest boot that it is known by; 0: by none. */
  get boot(): number {
    return bootOf(Math.max(this.#known, this.#gc, this.#ordered.at(-1)?.version ?? 0));
  }

  /** Whether its boot may be this one: it rises by so many boots a day, at most [P-5.23]. */
  mayRiseTo(boot: number, nowMs: number): boolean {
    const { boot: present } = this;
    if (boot <= present || present === 0) return true;
    this.#rises ??= new BootRises();
    return this.#rises.allows(boot - present, nowMs);
  }

  /** Its boot was this one before something was merged: what it rose by is used up. A mere claim uses up nothing. */
  noteRise(before: number, nowMs: number): void {
    const { boot } = this;
    if (boot > before && before > 0) this.#rises?.tryTake(boot - before, nowMs);
  }

  /** Encoded bytes of all records, with those of values that travel apart. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#byKey?.size ?? this.#ordered.length;
  }

  /** Records that are neither tombstones nor ended, whether readers see them or not. */
  get liveCount(): number {
    return this.#live;
  }

  /** Whether a reset is under way: what lies between `known` and `gc` isn't known to be complete. */
  get resetting(): boolean {
    return this.#known < this.#gc;
  }

  get(key: string): StoredRecord | undefined {
    if (this.#byKey !== undefined) return this.#byKey.get(key);
    for (const record of this.#ordered) if (record.key === key) return record;
    return undefined;
  }

  /** What readers see in the place of the newest record of its key: itself, or the one before while it is held back. */
  seen(record: StoredRecord, nowMs: number): StoredRecord | undefined {
    if (this.held?.has(record.key) !== true) return record;
    const before = this.held.get(record.key);
    return before === undefined || expiresAtMs(before) <= nowMs ? undefined : before;
  }

  values(): IterableIterator<StoredRecord> {
    return this.#byKey?.values() ?? this.#ordered.values();
  }

  /** Puts a record in the place of an older one. The caller has checked that it is newer. */
  set(record: StoredRecord): void {
    this.remove(record.key);
    this.#bytes += record.size;
    if (isLive(record)) this.#live++;
    this.#byKey?.set(record.key, record);
    this.#insertOrdered(record);
    if (this.#byKey === undefined && this.#ordered.length >= INDEXED_FROM)
      this.#byKey = new Map(this.#ordered.map((held) => [held.key, held]));
  }

  remove(key: string): void {
    const record = this.get(key);
    if (record === undefined) return;
    this.#bytes -= record.size;
    if (isLive(record)) this.#live--;
    if (this.#byKey === undefined) this.#ordered.splice(this.#ordered.indexOf(record), 1);
    else this.#byKey.delete(key);
  }

  /** Lines only grow [P-5.2]; lower values change nothing. @returns whether one moved. */
  raise(lines: { known?: Version; gc?: Version }): boolean {
    const known = Math.max(this.#known, lines.known ?? 0);
    const gc = Math.max(this.#gc, lines.gc ?? 0);
    const moved = known !== this.#known || gc !== this.#gc;
    this.#known = known;
    this.#gc = gc;
    return moved;
  }

  /** A reset begins: what lies above `known` is told again. The pair (gc, known) grows all the same [P-5.2]. */
  beginReset(lines: { known: Version; gc: Version }): void {
    if (lines.gc <= this.#gc) return;
    this.#gc = lines.gc;
    this.#known = lines.known;
  }

  /** Records and tombstones with a version above `from`, ascending. */
  *above(from: Version): IterableIterator<StoredRecord> {
    for (let i = this.#indexAbove(from); i < this.#ordered.length; i++) {
      const record = this.#ordered[i];
      if (this.#holds(record)) yield record;
    }
  }

  /** The version of the next record below `version`; 0 where there is none. */
  versionBelow(version: Version): Version {
    for (let i = this.#indexAbove(version - 1) - 1; i >= 0; i--) {
      const record = this.#ordered[i];
      if (this.#holds(record)) return record.version;
    }
    return 0;
  }

  #holds(record: StoredRecord): boolean {
    return this.#byKey === undefined || this.#byKey.get(record.key) === record;
  }

  #insertOrdered(record: StoredRecord): void {
    if (this.#byKey !== undefined && this.#ordered.length > 2 * this.#byKey.size + 8) {
      this.#ordered = Array.from(this.#byKey.values()).sort((a, b) => a.version - b.version);
      return;
    }
    const ordered = this.#ordered;
    const place = this.#indexAbove(record.version);
    // Pushed to a short list, a record would bring room for 16 more.
    if (this.#byKey === undefined) this.#ordered = ordered.toSpliced(place, 0, record);
    else if (place === ordered.length) ordered.push(record);
    else ordered.splice(place, 0, record);
  }

  /** The first index whose version is above `version`. */
  #indexAbove(version: Version): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ordered[middle].version <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
