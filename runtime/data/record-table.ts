import type { NodeId } from '../core/ids.ts';
import { DIGEST_BUCKETS } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import type { Version } from '../core/version.ts';
import type { Block, Line } from '../wire/message.ts';
import type { LargeMark } from '../wire/record.ts';
import { decodeRecord } from '../wire/record-codec.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { readIncoming } from './incoming.ts';
import { isNews, type Taking } from './merge-plan.ts';
import { type MergeResult, NOTHING_MERGED } from './merge-result.ts';
import { lacksSame, nameOfValue } from './missing-values.ts';
import { NOTHING_PROVEN, OwnerRecords } from './owner-records.ts';
import { ReaderView, type TableChange, type WaitingRecord } from './reader-view.ts';
import { RecentOwners } from './recent-owners.ts';
import { type AgeJudge, judgedAge } from './record-age.ts';
import { OPEN_GUARD, type RecordGuard } from './record-guard.ts';
import { type RecordReader, readRecord } from './record-reader.ts';
import {
  agedRecord,
  expiredRecord,
  expiresAtMs,
  filledRecord,
  isEmpty,
  isLive,
  type StoredRecord,
} from './stored-record.ts';
import { TableHash } from './table-hash.ts';
import { ValueShelf } from './value-shelf.ts';

export interface TableLimits {
  readonly ownersMax: number;
  readonly recordsPerOwnerMax: number;
  readonly bytesPerOwnerMax: number;
  /** Bytes of all records and of their values, as far as they are here. */
  readonly tableBytesMax: number;
}

/** What was refused for a limit isn't asked for again so soon. */
const REFUSED_FOR_MS = 60_000;
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
  readonly #view: ReaderView;
  readonly #read: RecordReader;
  readonly #recent = new RecentOwners();
  #liveCount = 0;
  /** Of records as they travel: values that travel apart are counted by the shelf, each once. */
  #bodyBytes = 0;
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
    this.#view = new ReaderView({
      ...{ values: this.values, limits: options.limits, onChange: options.onChange },
      hasRoom: (bytes) => this.bytes + bytes <= DATA_SHARE * this.#limits.tableBytesMax,
    });
    this.#read = options.read ?? readRecord;
  }

  /** Records of all owners that readers see. */
  get liveCount(): number {
    return this.#liveCount + this.#view.surplus;
  }

  /** Records of all owners, tombstones and what is left of expired ones among them. */
  get size(): number {
    return this.#size;
  }

  /** What is in memory of records, of what readers see in their place, and of values that travel apart, in bytes: a value counts once, and once it is here. */
  get bytes(): number {
    return this.#bodyBytes + this.#view.bodyBytes + this.values.bytes;
  }

  /** Records that readers don't see yet, or see though they aren't in the table any more. */
  get heldCount(): number {
    return this.#view.count;
  }

  /** Bytes of what is kept for readers beside the newest, values that travel apart by their full length. */
  get heldBytes(): number {
    return this.#view.bytes;
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
    return Math.min(this.#expiry.nextMs, this.#view.nextMs);
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
    this.#apply(records, record, { nowMs, own: true });
    const { batch } = record;
    // Its last record makes a batch whole.
    if (batch === undefined || batch.index === batch.members.length - 1) this.#view.release(records);
    records.raise({ known: record.version });
    this.#moved(records, nowMs);
  }

  /**
   * Merges what a peer sent of another owner. Items are decoded and validated before anything is applied.
   * @param options `isKept`: this node held it before its restart. There was room for it, so no limit refuses it now.
   */
  merge(
    block: Block,
    nowMs: number,
    ageBoundMs: number | null,
    options?: { readonly isKept: boolean },
  ): MergeResult {
    const present = this.#owners.get(block.owner);
    if (present === undefined && this.#owners.size >= this.#limits.ownersMax && !options?.isKept)
      return { ...NOTHING_MERGED, refused: 'table-full' };
    const records = present ?? this.#newOwner(block.owner);
    const how = { guard: this.#guard, read: this.#read, ages: this.#ages, nowMs, ageBoundMs };
    const read = readIncoming(records, block, how);
    if (typeof read === 'string') return { ...NOTHING_MERGED, refused: read };
    const { plan, records: incoming, repeated } = read;
    let refused = read.refused;
    if (present === undefined) this.#open(records);
    if (plan.complete && (records.size > 0 || records.held !== undefined))
      this.#forgetUnlisted(records, block, incoming, nowMs);
    if (plan.reset) records.beginReset({ known: 0, gc: block.gc });
    const taking: Taking = { plan, nowMs, isKept: options?.isKept, fresh: [] };
    const { fresh } = taking;
    const late = this.#take(records, incoming, taking);
    // What came behind may have made room: an owner keeps to its quota with all of what it puts, not in between.
    if (late.length > 0) {
      if (this.#take(records, late, taking).length > 0) {
        refused = 'quota';
        records.refusedUntilMs = nowMs + REFUSED_FOR_MS;
      }
      fresh.sort((x, y) => x.version - y.version);
    }
    this.#view.release(records);
    const advanced = (refused !== 'quota' && plan.contiguous && this.#advance(records, block)) || plan.reset;
    if (advanced || fresh.length > 0) this.#moved(records, nowMs);
    const gap = !plan.contiguous && block.to > records.known;
    return { fresh, advanced, gap, refused, repeated };
  }

  /** What this node held before of an owner and takes for ended: others wait for it no longer [P-5.30]. */
  passEnded(owner: NodeId, ended: Iterable<Pick<StoredRecord, 'key' | 'version'>>): void {
    const records = this.#owners.get(owner);
    if (records === undefined) return;
    for (const { key, version } of ended) records.held?.see(key, version);
    this.#view.release(records);
  }

  /** The owner forgets tombstones up to a version; holders follow when they hear of it. */
  collectTombstones(records: OwnerRecords, upTo: Version, nowMs: number): void {
    if (!records.raise({ gc: Math.min(upTo, records.known) })) return;
    this.#dropCollected(records);
    this.#moved(records, nowMs);
  }

  /** Ends records whose validity is over; what is left of them goes with the gc line [P-5.7]. */
  expire(nowMs: number): void {
    const touched = new Set<OwnerRecords>();
    for (let due = this.#expiry.take(nowMs); due !== undefined; due = this.#expiry.take(nowMs)) {
      const records = this.#owners.get(due.owner);
      const record = records?.get(due.key);
      if (records === undefined || record?.version !== due.version) continue;
      this.#expireTo(records, record, nowMs);
      touched.add(records);
    }
    for (const records of touched) this.#view.release(records);
    this.#view.end(nowMs, (owner) => this.#owners.get(owner));
  }

  /** Whether a value that travels apart may come: what only names one takes no room, so there may be none when it does. */
  hasRoomFor({ hash, length }: LargeMark): boolean {
    return (
      this.values.find(hash) !== undefined || this.bytes + length <= DATA_SHARE * this.#limits.tableBytesMax
    );
  }

  /**
   * A value came that travelled apart: records that waited for it may be seen. The caller has checked its hash, and that there is
   * room for it.
   */
  fill(large: LargeMark, content: Uint8Array): void {
    for (const { owner, keys } of this.values.missing.ofName(nameOfValue(large))) {
      const records = this.#owners.get(owner)!;
      for (const key of [...keys]) {
        this.values.missing.delete(large, { owner, key });
        records.set(filledRecord(records.get(key)!, this.values.take(large.hash, content)));
        this.#view.fill(records, key);
      }
      records.revision = ++this.#revision;
      this.#view.release(records);
    }
  }

  /** More is known of an owner's clock: what was taken of it before gets its age by that. Nothing of what it said has changed. */
  ageAnew(owner: NodeId, nowMs: number): void {
    const records = this.#owners.get(owner);
    if (records === undefined) return;
    const agedOf = (record: StoredRecord): StoredRecord | undefined => {
      const body = record.expired ? undefined : decodeRecord(record.body);
      if (body === undefined) return undefined;
      const age = judgedAge(this.#ages, owner, body, record, nowMs);
      const isSame = age.setAtMs === record.setAtMs && age.ageBoundMs === record.ageBoundMs;
      return isSame ? undefined : agedRecord(record, age);
    };
    for (const record of [...records.values()]) {
      const aged = agedOf(record);
      if (aged === undefined) continue;
      records.set(aged);
      if (aged.ttlMs !== undefined) this.#expireAt(owner, aged);
    }
    this.#view.ageAnew(records, agedOf);
  }

  /** Forgets an owner whole. */
  forget(owner: NodeId): void {
    const records = this.#owners.get(owner);
    if (records === undefined) return;
    for (const record of [...records.values()]) this.#forgetOne(records, record);
    this.#view.endReset(records);
    this.#owners.delete(owner);
    const bucket = this.#byBucket[records.bucket];
    bucket.splice(bucket.indexOf(records), 1);
    this.#recent.delete(owner);
    this.hash.remove(records);
  }

  /** Owners whose lines moved since `sinceMs`, the latest first, at most `limit` and 64. */
  recentOwners(sinceMs: number, limit: number): OwnerRecords[] {
    return this.#recent.since(sinceMs, limit);
  }

  /** Records that came before `beforeMs`, or took the place of one that did, and that readers don't see yet. */
  waitingSince(beforeMs: number): WaitingRecord[] {
    return this.#view.waitingSince(beforeMs);
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
    this.#recent.note(records);
    this.hash.touch(records);
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

  /** What a reset doesn't list is gone [P-5.4], for readers perhaps not at once [P-5.47]. */
  #forgetUnlisted(
    records: OwnerRecords,
    block: Block,
    incoming: readonly StoredRecord[],
    nowMs: number,
  ): void {
    // Its owner begins each life with a record: where there is none, it was forgotten on an operator's word [P-5.46].
    const isForgotten = block.from === 0 && block.items.length === 0;
    const listed = new Set(incoming.map((record) => record.key));
    const unlisted = [...records.values()].filter(
      ({ key, version }) => version > block.from && version <= block.to && !listed.has(key),
    );
    if (!isForgotten) this.#view.leave(records, unlisted, nowMs);
    for (const record of unlisted) this.#forgetOne(records, record, { isLeft: !isForgotten });
    if (isForgotten) this.#view.endReset(records);
    else this.#view.boundLeft(records);
  }

  /** Takes what is news, as far as there is room; what doesn't end at once is added to `fresh`. @returns the rest. */
  #take(
    records: OwnerRecords,
    incoming: readonly StoredRecord[],
    { plan, nowMs, isKept, fresh }: Taking,
  ): readonly StoredRecord[] {
    let late: StoredRecord[] | undefined;
    for (const record of incoming) {
      if (!isNews(records, record, plan)) continue;
      if (!isKept && !this.#fits(records, record)) {
        late ??= [];
        late.push(record);
      } else if (expiresAtMs(record) <= nowMs) this.#expireTo(records, record, nowMs);
      else {
        this.#apply(records, record, { nowMs });
        fresh.push(record);
      }
    }
    return late ?? [];
  }

  #apply(
    records: OwnerRecords,
    incoming: StoredRecord,
    { nowMs, own = false }: { readonly nowMs: number; readonly own?: boolean },
  ): void {
    // Before what it replaces is let go: often the value is the same.
    const record = incoming.large === undefined ? incoming : this.#withValue(incoming);
    const before = records.get(record.key);
    const wasLive = before !== undefined && isLive(before);
    this.#bodyBytes += record.body.length - (before?.body.length ?? 0);
    this.#size += Number(before === undefined);
    if (record.large !== undefined && isLive(record) && isEmpty(record))
      this.values.missing.add(record.large, { owner: records.owner, key: record.key });
    this.#liveCount += Number(isLive(record)) - Number(wasLive);
    records.revision = ++this.#revision;
    records.set(record);
    const ends = record.ttlMs !== undefined && !record.expired;
    if (!ends && before?.ttlMs !== undefined) this.#expiry.remove(records.owner, record.key);
    if (ends) this.#expireAt(records.owner, record);
    this.#view.show(records, { before, record, nowMs, own });
    records.passedOver?.settle(record);
    if (before?.large !== undefined) this.#letGo(records, before);
  }

  /** With its value, where that is known: from its owner, or from another record. */
  #withValue(record: StoredRecord): StoredRecord {
    const { hash } = record.large!;
    const content = isLive(record) ? (record.content ?? this.values.findWhole(record.large!)) : undefined;
    return content === undefined ? record : filledRecord(record, this.values.take(hash, content));
  }

  #letGo(records: OwnerRecords, record: StoredRecord): void {
    // Readers still see it.
    if (records.held?.get(record.key) === record) return;
    if (record.content !== undefined) this.values.give(record.large!.hash);
    else if (isLive(record) && !lacksSame(records.get(record.key), record))
      this.values.missing.delete(record.large!, { owner: records.owner, key: record.key });
  }

  #expireAt(owner: NodeId, record: StoredRecord): void {
    this.#expiry.add(expiresAtMs(record), { owner, key: record.key, version: record.version });
  }

  /** Puts what is left of an expired record in the place of the record, or of its elder. */
  #expireTo(records: OwnerRecords, record: StoredRecord, nowMs: number): void {
    this.#apply(records, expiredRecord(record), { nowMs });
  }

  /** @param options `isLeft`: what readers see of it was seen to already. */
  #forgetOne(records: OwnerRecords, record: StoredRecord, options?: { readonly isLeft: boolean }): void {
    if (options?.isLeft !== true) this.#view.forget(records, record);
    this.#remove(records, record);
    if (isLive(record)) this.#liveCount--;
  }

  #remove(records: OwnerRecords, record: StoredRecord): void {
    records.remove(record.key);
    records.held?.forget(record.key);
    records.revision = ++this.#revision;
    if (record.large !== undefined) this.#letGo(records, record);
    this.#bodyBytes -= record.body.length;
    this.#size--;
    this.#expiry.remove(records.owner, record.key);
  }

  #fits(records: OwnerRecords, record: StoredRecord): boolean {
    const before = records.get(record.key);
    const size = records.size + (before === undefined ? 1 : 0);
    const more = record.size - (before?.size ?? 0);
    const share = isReservedKey(record.key) ? 1 : DATA_SHARE;
    return (
      size <= this.#limits.recordsPerOwnerMax &&
      records.bytes + more <= this.#limits.bytesPerOwnerMax &&
      this.bytes + record.body.length - (before?.body.length ?? 0) <= share * this.#limits.tableBytesMax
    );
  }
}
