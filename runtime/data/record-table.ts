import type { DropReason } from '../core/counters.ts';
import type { NodeId } from '../core/ids.ts';
import { DIGEST_BUCKETS } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import type { Version } from '../core/version.ts';
import type { Block, Line } from '../wire/message.ts';
import type { LargeMark } from '../wire/record.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { isEmpty, releasable, waitsForOthers } from './held-back.ts';
import { readIncoming } from './incoming.ts';
import { isNews } from './merge-plan.ts';
import { NOTHING_PROVEN, OwnerRecords } from './owner-records.ts';
import { type AgeJudge, judgedAge } from './record-age.ts';
import { OPEN_GUARD, type RecordGuard } from './record-guard.ts';
import { type RecordReader, readRecord } from './record-reader.ts';
import {
  agedRecord,
  expiredRecord,
  expiresAtMs,
  filledRecord,
  isLive,
  type StoredRecord,
} from './stored-record.ts';
import { TableHash } from './table-hash.ts';
import { nameOfValue, ValueShelf } from './value-shelf.ts';

export interface TableLimits {
  readonly ownersMax: number;
  readonly recordsPerOwnerMax: number;
  readonly bytesPerOwnerMax: number;
  /** Encoded bytes of all records. */
  readonly tableBytesMax: number;
}

/** One change of the table. `record` is the one put, or the one that went. */
export interface TableChange {
  readonly change: 'put' | 'delete' | 'expire' | 'forget';
  readonly owner: NodeId;
  readonly record: StoredRecord;
}

/** What merging a block did. */
export interface MergeResult {
  /** Records that were new here, in ascending order of version. */
  readonly fresh: readonly StoredRecord[];
  /** Whether a line of the owner moved. */
  readonly advanced: boolean;
  /** Whether the block starts above the known line: records between are missing. */
  readonly gap: boolean;
  readonly refused: DropReason | undefined;
  /** Records that were known already, and so weren't read. */
  readonly repeated: number;
}

const NOTHING: MergeResult = { fresh: [], advanced: false, gap: false, refused: undefined, repeated: 0 };
/** What was refused for a limit isn't asked for again so soon. */
const REFUSED_FOR_MS = 60_000;
/** Owners that moved lately are remembered up to so many: a digest lists fewer. */
const RECENT_MAX = 64;
/** Applications' records take no more of a table than this: where the refutation of a live member is refused, it is called down. */
const DATA_SHARE = 7 / 8;

/** The replicated state: every owner's records, merged by version [P-5]. Emits each change to its listener, in order. */
export class RecordTable {
  readonly hash: TableHash;
  /** Values that travel apart from their records, as far as they are here. */
  readonly values = new ValueShelf();
  readonly #owners = new Map<NodeId, OwnerRecords>();
  readonly #byBucket: OwnerRecords[][] = Array.from({ length: DIGEST_BUCKETS }, () => []);
  readonly #limits: TableLimits;
  readonly #guard: RecordGuard;
  readonly #ages: AgeJudge | undefined;
  readonly #expiry = new ExpiryQueue();
  /** When what readers see in the place of a record that is held back ends. */
  readonly #seenExpiry = new ExpiryQueue();
  readonly #onChange: (change: TableChange) => void;
  readonly #read: RecordReader;
  /** Owners whose lines moved lately, the latest last. */
  readonly #recent = new Map<NodeId, OwnerRecords>();
  #liveCount = 0;
  #bytes = 0;
  #size = 0;
  #revision = 0;

  constructor(options: {
    limits: TableLimits;
    sha256: (data: Uint8Array) => Uint8Array;
    onChange: (change: TableChange) => void;
    /** Default: everybody is believed. */
    guard?: RecordGuard;
    read?: RecordReader;
    /** Default: holders' words for ages count. */
    ages?: AgeJudge;
  }) {
    this.#limits = options.limits;
    this.#guard = options.guard ?? OPEN_GUARD;
    this.#ages = options.ages;
    this.hash = new TableHash(options.sha256);
    this.#onChange = options.onChange;
    this.#read = options.read ?? readRecord;
  }

  /** Live records of all owners. */
  get liveCount(): number {
    return this.#liveCount;
  }

  /** Records of all owners, tombstones and what is left of expired ones among them. */
  get size(): number {
    return this.#size;
  }

  /** Their encoded bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get ownerCount(): number {
    return this.#owners.size;
  }

  /** Counts changes: an owner whose `revision` is higher than this was then has changed since. */
  get revision(): number {
    return this.#revision;
  }

  /** When the next record's validity ends; Infinity where none will. */
  get nextExpiryMs(): number {
    return Math.min(this.#expiry.nextMs, this.#seenExpiry.nextMs);
  }

  owner(id: NodeId): OwnerRecords | undefined {
    return this.#owners.get(id);
  }

  owners(): IterableIterator<OwnerRecords> {
    return this.#owners.values();
  }

  line(owner: NodeId): Line {
    const records = this.#owners.get(owner);
    return { owner, known: records?.known ?? 0, gc: records?.gc ?? 0 };
  }

  /** The owners of one bucket [P-7.1], in no particular order. */
  ownersIn(bucket: number): readonly OwnerRecords[] {
    return this.#byBucket[bucket];
  }

  /** Opens an owner of our own at the start of a boot: everything of earlier boots is forgotten [P-5.6]. */
  openOwn(owner: NodeId, start: Version, nowMs: number): OwnerRecords {
    const records = this.#owners.get(owner) ?? this.#open(new OwnerRecords(owner));
    records.raise({ known: start, gc: start });
    this.#dropCollected(records);
    this.#moved(records, nowMs);
    return records;
  }

  /** Puts a record of our own; its version is the owner's newest. */
  putOwn(records: OwnerRecords, record: StoredRecord, nowMs: number): void {
    this.#apply(records, record);
    records.raise({ known: record.version });
    this.#moved(records, nowMs);
  }

  /** Merges what a peer sent of another owner. Items are decoded and validated before anything is applied. */
  merge(block: Block, nowMs: number, ageBoundMs: number | null): MergeResult {
    const present = this.#owners.get(block.owner);
    if (present === undefined && this.#owners.size >= this.#limits.ownersMax)
      return { ...NOTHING, refused: 'table-full' };
    const records = present ?? this.#newOwner(block.owner);
    const how = { guard: this.#guard, read: this.#read, ages: this.#ages, nowMs, ageBoundMs };
    const read = readIncoming(records, block, how);
    if (typeof read === 'string') return { ...NOTHING, refused: read };
    const { plan, records: incoming, repeated } = read;
    let refused = read.refused;
    if (present === undefined) this.#open(records);
    if (plan.complete && records.size > 0) this.#forgetUnlisted(records, block, incoming);
    if (plan.reset) records.beginReset({ known: 0, gc: block.gc });
    const fresh: StoredRecord[] = [];
    for (const record of incoming) {
      if (!isNews(records, record, plan)) continue;
      if (!this.#fits(records, record)) {
        refused = 'quota';
        records.refusedUntilMs = nowMs + REFUSED_FOR_MS;
        break;
      }
      if (expiresAtMs(record) <= nowMs) this.#expireTo(records, record);
      else {
        this.#apply(records, record);
        fresh.push(record);
      }
    }
    const advanced = (refused !== 'quota' && plan.contiguous && this.#advance(records, block)) || plan.reset;
    if (advanced || fresh.length > 0) this.#moved(records, nowMs);
    return {
      fresh,
      advanced,
      gap: !plan.contiguous && block.to > records.known,
      refused,
      repeated,
    };
  }

  /** The owner forgets tombstones up to a version; holders follow when they hear of it. */
  collectTombstones(records: OwnerRecords, upTo: Version, nowMs: number): void {
    if (!records.raise({ gc: Math.min(upTo, records.known) })) return;
    this.#dropCollected(records);
    this.#moved(records, nowMs);
  }

  /** Ends records whose validity is over; what is left of them goes with the gc line [P-5.7]. */
  expire(nowMs: number): void {
    for (let due = this.#expiry.take(nowMs); due !== undefined; due = this.#expiry.take(nowMs)) {
      const records = this.#owners.get(due.owner);
      const record = records?.get(due.key);
      if (records === undefined || record === undefined || record.version !== due.version) continue;
      this.#expireTo(records, record);
    }
    for (let due = this.#seenExpiry.take(nowMs); due !== undefined; due = this.#seenExpiry.take(nowMs)) {
      const held = this.#owners.get(due.owner)?.held;
      const seen = held?.get(due.key);
      if (seen === undefined || seen.version !== due.version) continue;
      held?.set(due.key, undefined);
      this.#onChange({ change: 'expire', owner: due.owner, record: seen });
    }
  }

  /** A value came that travelled apart: records that waited for it may be seen. The caller has checked its hash. */
  fill(large: LargeMark, content: Uint8Array): void {
    const name = nameOfValue(large);
    for (const records of this.#owners.values()) {
      if (records.held === undefined) continue;
      for (const key of [...records.held.keys()]) {
        const record = records.get(key);
        if (record === undefined || !isEmpty(record) || nameOfValue(record.large!) !== name) continue;
        this.values.missNoMore(large);
        records.set(filledRecord(record, this.values.take(large.hash, content)));
        records.revision = ++this.#revision;
      }
      this.#release(records);
    }
  }

  /** More is known of an owner's clock: what was taken of it before gets its age by that. Nothing of what it said has changed. */
  ageAnew(owner: NodeId, nowMs: number): void {
    const records = this.#owners.get(owner);
    if (records === undefined) return;
    for (const record of [...records.values()]) {
      const body = record.expired ? undefined : decodeRecord(record.body);
      if (body === undefined) continue;
      const age = judgedAge(this.#ages, owner, body, record, nowMs);
      if (age.setAtMs === record.setAtMs && age.ageBoundMs === record.ageBoundMs) continue;
      const aged = agedRecord(record, age);
      records.set(aged);
      if (aged.ttlMs !== undefined) this.#expireAt(owner, aged);
    }
  }

  /** Forgets an owner whole. */
  forget(owner: NodeId): void {
    const records = this.#owners.get(owner);
    if (records === undefined) return;
    for (const record of [...records.values()]) this.#forgetOne(records, record);
    this.#owners.delete(owner);
    const bucket = this.#byBucket[records.bucket];
    bucket.splice(bucket.indexOf(records), 1);
    this.#recent.delete(owner);
    this.hash.remove(records);
  }

  /** Owners whose lines moved since `sinceMs`, the latest first, at most `limit` and 64. */
  recentOwners(sinceMs: number, limit: number): OwnerRecords[] {
    if (limit === 0) return [];
    const recent: OwnerRecords[] = [];
    for (const records of this.#recent.values()) if (records.changedAtMs > sinceMs) recent.push(records);
    return recent.slice(-limit).reverse();
  }

  #open(records: OwnerRecords): OwnerRecords {
    this.#owners.set(records.owner, records);
    this.#byBucket[records.bucket].push(records);
    return records;
  }

  #newOwner(owner: NodeId): OwnerRecords {
    return this.#guard.signs ? new OwnerRecords(owner, undefined, NOTHING_PROVEN) : new OwnerRecords(owner);
  }

  #moved(records: OwnerRecords, nowMs: number): void {
    records.changedAtMs = nowMs;
    records.revision = ++this.#revision;
    this.#recent.delete(records.owner);
    this.#recent.set(records.owner, records);
    if (this.#recent.size > RECENT_MAX) this.#dropOldestRecent();
    this.hash.touch(records);
  }

  #dropOldestRecent(): void {
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      return;
    }
  }

  #advance(records: OwnerRecords, block: Block): boolean {
    const moved = records.raise({ known: Math.min(block.to, records.provenTo) });
    const collected = records.known >= block.gc && records.raise({ gc: block.gc });
    if (collected) this.#dropCollected(records);
    return moved || collected;
  }

  #dropCollected(records: OwnerRecords): void {
    if (records.liveCount === records.size) return;
    for (const record of [...records.values()]) {
      if (!isLive(record) && record.version <= records.gc) this.#remove(records, record);
    }
  }

  /** What a reset doesn't list is gone [P-5.4]. */
  #forgetUnlisted(records: OwnerRecords, block: Block, incoming: readonly StoredRecord[]): void {
    const listed = new Set(incoming.map((record) => record.key));
    for (const record of [...records.values()]) {
      if (record.version > block.from && record.version <= block.to && !listed.has(record.key))
        this.#forgetOne(records, record);
    }
  }

  #apply(records: OwnerRecords, incoming: StoredRecord): void {
    // Before what it replaces is let go: often the value is the same.
    const record = incoming.large === undefined ? incoming : this.#withValue(incoming);
    const before = records.get(record.key);
    const wasLive = before !== undefined && isLive(before);
    this.#bytes += record.size - (before?.size ?? 0);
    this.#size += Number(before === undefined);
    if (before?.large !== undefined) this.#letGo(before);
    if (record.large !== undefined && isLive(record) && isEmpty(record))
      this.values.miss(record.large, records.owner);
    this.#liveCount += Number(isLive(record)) - Number(wasLive);
    records.revision = ++this.#revision;
    records.set(record);
    const ends = record.ttlMs !== undefined && !record.expired;
    if (!ends && before?.ttlMs !== undefined) this.#expiry.remove(records.owner, record.key);
    if (ends) this.#expireAt(records.owner, record);
    if (records.held === undefined && !waitsForOthers(record)) this.#tell(records, before, record);
    else this.#show(records, before, record);
  }

  #tell(records: OwnerRecords, before: StoredRecord | undefined, record: StoredRecord): void {
    if (isLive(record)) this.#onChange({ change: 'put', owner: records.owner, record });
    else if (before !== undefined && isLive(before))
      this.#onChange({
        change: record.expired ? 'expire' : 'delete',
        owner: records.owner,
        record: record.expired ? before : record,
      });
  }

  /** A record waits until it is whole with others; meanwhile readers see what they saw. Or others waited for it. */
  #show(records: OwnerRecords, before: StoredRecord | undefined, record: StoredRecord): void {
    const { owner } = records;
    const { key } = record;
    const seen = records.held?.has(key) === true ? records.held.get(key) : before;
    if (waitsForOthers(record)) {
      const live = seen !== undefined && isLive(seen) ? seen : undefined;
      records.held ??= new Map();
      records.held.set(key, live);
      if (live?.ttlMs !== undefined)
        this.#seenExpiry.add(expiresAtMs(live), { owner, key, version: live.version });
    } else {
      this.#unhold(records, key);
      this.#tell(records, seen, record);
    }
    this.#release(records);
  }

  /** With its value, where that is known: from its owner, or from another record. */
  #withValue(record: StoredRecord): StoredRecord {
    const { hash } = record.large!;
    const content = isLive(record) ? (record.content ?? this.#found(record)) : undefined;
    return content === undefined ? record : filledRecord(record, this.values.take(hash, content));
  }

  #found({ large }: StoredRecord): Uint8Array | undefined {
    const content = this.values.find(large!.hash);
    return content?.length === large!.length ? content : undefined;
  }

  #letGo(record: StoredRecord): void {
    if (record.content !== undefined) this.values.give(record.large!.hash);
    else if (isLive(record)) this.values.missNoMore(record.large!);
  }

  /** Shows all at once what is whole now. */
  #release(records: OwnerRecords): void {
    const whole = releasable(records);
    const seen = whole.map(({ key }) => records.held?.get(key));
    for (const { key } of whole) this.#unhold(records, key);
    for (const [i, record] of whole.entries()) this.#tell(records, seen[i], record);
  }

  #unhold(records: OwnerRecords, key: string): void {
    if (records.held?.delete(key) !== true) return;
    this.#seenExpiry.remove(records.owner, key);
    if (records.held.size === 0) records.held = undefined;
  }

  #expireAt(owner: NodeId, record: StoredRecord): void {
    this.#expiry.add(expiresAtMs(record), { owner, key: record.key, version: record.version });
  }

  /** Puts what is left of an expired record in the place of the record, or of its elder. */
  #expireTo(records: OwnerRecords, record: StoredRecord): void {
    this.#apply(records, expiredRecord(record));
  }

  #forgetOne(records: OwnerRecords, record: StoredRecord): void {
    const seen = records.held?.has(record.key) === true ? records.held.get(record.key) : record;
    this.#unhold(records, record.key);
    this.#remove(records, record);
    if (!isLive(record)) return;
    this.#liveCount--;
    if (seen !== undefined) this.#onChange({ change: 'forget', owner: records.owner, record: seen });
  }

  #remove(records: OwnerRecords, record: StoredRecord): void {
    records.remove(record.key);
    records.revision = ++this.#revision;
    if (record.large !== undefined) this.#letGo(record);
    this.#bytes -= record.size;
    this.#size--;
    this.#expiry.remove(records.owner, record.key);
  }

  #fits(records: OwnerRecords, record: StoredRecord): boolean {
    const before = records.get(record.key);
    const size = records.size + (before === undefined ? 1 : 0);
    const bytes = records.bytes + record.size - (before?.size ?? 0);
    const tableBytes = this.#bytes + record.size - (before?.size ?? 0);
    const share = isReservedKey(record.key) ? 1 : DATA_SHARE;
    return (
      size <= this.#limits.recordsPerOwnerMax &&
      bytes <= this.#limits.bytesPerOwnerMax &&
      tableBytes <= share * this.#limits.tableBytesMax
    );
  }
}
