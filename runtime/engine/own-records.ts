import { assert, GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { LARGE_VALUE_BYTES_MAX, RECORD_BYTES_MAX } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import type { AppValue } from '../core/value.ts';
import { makeVersion, type Version } from '../core/version.ts';
import type { Priority, PutEntry, PutOptions } from '../core/views.ts';
import { isCrdtKey } from '../data/crdt/crdt-key.ts';
import { STATEMENT_KEY } from '../data/delta.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { OPEN_GUARD, type RecordGuard } from '../data/record-guard.ts';
import type { RecordTable } from '../data/record-table.ts';
import { expiresAtMs, firstOf, isLive, type StoredRecord, storedRecord } from '../data/stored-record.ts';
import { PRESENCE_KEY } from '../trust/presence-chain.ts';
import { encodeValue } from '../wire/cbor.ts';
import type { BatchMark, LargeMark, RecordBody } from '../wire/record.ts';
import { decodeRecord, encodeRecord } from '../wire/record-codec.ts';
import { markOfKey } from '../wire/record-marks.ts';
import { OwnQuota, type QuotaUsage } from './own-quota.ts';
import { checkBatch, checkEntry, checkKey } from './put-checks.ts';
import type { EngineSettings } from './settings.ts';

/** What is left of an expired record stays so long for those who may still have its elder. */
const EXPIRED_GRACE_MS = 60_000;

/** This node's own records: the only ones that it writes. Hands out versions, checks what applications put. */
export class OwnRecords {
  readonly #owner: NodeId;
  readonly #table: RecordTable;
  readonly #settings: EngineSettings;
  readonly #guard: RecordGuard;
  readonly #onCollected: (nowMs: number) => void;
  #boot: number;
  #sequence = 0;
  readonly #sha256: (data: Uint8Array) => Uint8Array;
  readonly #quota: OwnQuota;
  #records: OwnerRecords;

  constructor(parts: {
    owner: NodeId;
    boot: number;
    table: RecordTable;
    settings: EngineSettings;
    sha256: (data: Uint8Array) => Uint8Array;
    nowMs: number;
    /** Default: nothing is signed. */
    guard?: RecordGuard;
    /** The gc line moved: where owners sign, they say so by a new `node` record. */
    onCollected?: (nowMs: number) => void;
  }) {
    this.#owner = parts.owner;
    this.#guard = parts.guard ?? OPEN_GUARD;
    this.#onCollected = parts.onCollected ?? (() => {});
    this.#boot = parts.boot;
    this.#table = parts.table;
    this.#settings = parts.settings;
    this.#sha256 = parts.sha256;
    this.#quota = new OwnQuota(parts.settings, () => this.#records);
    this.#records = this.#table.openOwn(this.#owner, makeVersion(this.#boot, 0), parts.nowMs);
  }

  get boot(): number {
    return this.#boot;
  }

  /** What applications on this node may put, and have put. */
  get usage(): QuotaUsage {
    return this.#quota.usage;
  }

  get(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** An application's put. @throws GridvineError with the state unchanged. */
  put(key: string, value: AppValue, options: PutOptions, nowMs: number): StoredRecord {
    return this.putMany([{ ...options, key, value }], nowMs)[0];
  }

  /** An application's puts, which readers see all together or not at all [P-5.40]. @throws GridvineError with the state unchanged. */
  putMany(entries: readonly PutEntry[], nowMs: number): StoredRecord[] {
    checkBatch(entries);
    for (const entry of entries) {
      checkEntry(entry);
      this.#checkVersion(entry);
    }
    const contents = entries.map((entry) => contentOf(entry, nowMs));
    let records = this.#make(contents);
    // Tombstones go early rather than that a put is refused: who still needed them is reset. But not in vain.
    if (this.#quota.problemWith(records, { of: 'all' }) !== undefined) {
      const problem = this.#quota.problemWith(records, { of: 'live' });
      if (problem !== undefined) throw new GridvineError('E_QUOTA', problem);
      this.#collect(nowMs, () => true);
      // Collecting may have put records itself.
      records = this.#make(contents);
    }
    return this.#commit(records, nowMs);
  }

  /** An application's delete: leaves a tombstone. @throws GridvineError `E_NOT_FOUND`. */
  delete(key: string, nowMs: number): StoredRecord {
    checkKey(key);
    if (this.#live(key) === undefined)
      throw new GridvineError(
        'E_NOT_FOUND',
        `${key}: this node has no such record. A node deletes only its own: see \`gridvine get ${key}\`.`,
      );
    return this.#putOne({ ...TOMBSTONE, key, setAtMs: nowMs }, nowMs);
  }

  /** Takes a record of the node's own protocol back; one that isn't there is well. */
  deleteReserved(key: string, nowMs: number): StoredRecord | undefined {
    if (this.#live(key) === undefined) return undefined;
    return this.#putOne({ ...TOMBSTONE, key, setAtMs: nowMs }, nowMs);
  }

  /** A record of the node's own protocol: `node`, accusations, keys. */
  putReserved(
    key: string,
    value: AppValue,
    nowMs: number,
    {
      ttlMs,
      priority = 'urgent',
      setAtMs = nowMs,
    }: { readonly ttlMs?: number; readonly priority?: Priority; readonly setAtMs?: number } = {},
  ): StoredRecord {
    const content = { key, value, deleted: false, priority, quality: 'good' as const, ttlMs, setAtMs };
    return this.#putOne(content, nowMs);
  }

  /** Goes on under a higher boot: all live records are put again, in their old order. */
  adoptBoot(boot: number, nowMs: number): void {
    // A chain of presences belongs to one boot [P-6.25]: the next presence states another.
    const live = [...this.#records.above(0)].filter(
      (record) => isLive(record) && record.key !== PRESENCE_KEY,
    );
    this.#boot = boot;
    this.#sequence = 0;
    this.#records = this.#table.openOwn(this.#owner, makeVersion(boot, 0), nowMs);
    this.#putAgain(live, nowMs);
  }

  /** Puts a record of the node's own protocol, and all live ones again behind it, in their old order. */
  putFirst(key: string, value: AppValue, nowMs: number): void {
    const live = [...this.#records.above(0)].filter((record) => isLive(record) && record.key !== key);
    this.putReserved(key, value, nowMs);
    this.#putAgain(live, nowMs);
  }

  /** What was put together stays together, as far as it is there. */
  #putAgain(live: readonly StoredRecord[], nowMs: number): void {
    for (const group of runsOf(live)) this.#commit(this.#make(group), nowMs);
  }

  /** Forgets tombstones older than the grace, and what is left of records that ended a while ago. */
  collectTombstones(nowMs: number): void {
    this.#collect(nowMs, (record) =>
      record.deleted
        ? nowMs - record.setAtMs >= this.#settings.tombstoneGraceMs
        : nowMs - expiresAtMs(record) >= EXPIRED_GRACE_MS,
    );
  }

  /** Moves the gc line up to the first record that may not be forgotten yet. */
  #collect(nowMs: number, mayGo: (record: StoredRecord) => boolean): void {
    let line = 0;
    for (const record of this.#records.above(0)) {
      if (isLive(record)) continue;
      if (!mayGo(record)) break;
      line = record.version;
    }
    if (line <= this.#records.gc) return;
    this.#partFrom(line, nowMs);
    this.#table.collectTombstones(this.#records, line, nowMs);
    this.#onCollected(nowMs);
  }

  /**
   * Who comes later could wait for ever for a record that was forgotten, so what was put together with one is put again without it, as
   * old as it is [P-5.42]. It isn't told as news: who hears of it has all from before.
   */
  #partFrom(line: Version, nowMs: number): void {
    const going = new Set<number>();
    const left: StoredRecord[] = [];
    for (const record of this.#records.above(0)) {
      if (!isLive(record) && record.version <= line) going.add(markOfKey(record.key));
      else if (isLive(record) && record.batch !== undefined) left.push(record);
    }
    if (going.size === 0 || left.length === 0) return;
    const parted = left.filter((record) => record.batch?.members.some((mark) => going.has(mark)));
    this.#putAgain(parted, nowMs);
  }

  #live(key: string): StoredRecord | undefined {
    const record = this.#records.get(key);
    return record === undefined || !isLive(record) ? undefined : record;
  }

  #checkVersion({ key, ifVersion }: PutEntry): void {
    const version = this.#live(key)?.version ?? 0;
    if (ifVersion === undefined || ifVersion === version) return;
    throw new GridvineError(
      'E_VERSION_CONFLICT',
      `${key}: expected version ${ifVersion}; it has ${version}. Read it again, then decide.`,
    );
  }

  #putOne(content: Content, nowMs: number): StoredRecord {
    return this.#commit(this.#make([content]), nowMs)[0];
  }

  /** Records with the next versions; several belong together. */
  #make(contents: readonly Content[]): StoredRecord[] {
    const members = contents.length > 1 ? contents.map(({ key }) => markOfKey(key)) : undefined;
    return contents.map((content, index) => this.#makeOne(content, index, members && { index, members }));
  }

  #makeOne({ setAtMs, ...content }: Content, ahead: number, batch: BatchMark | undefined): StoredRecord {
    const { key, value } = content;
    const body: RecordBody = {
      ...content,
      version: makeVersion(this.#boot, this.#sequence + 1 + ahead),
      uptimeMs: Math.max(0, Math.round(setAtMs)),
      gcSequence: this.#statedGc(key),
      ...(batch !== undefined && { batch }),
    };
    const whole = encodeRecord(body);
    const apart = whole.length > RECORD_BYTES_MAX ? this.#contentOf(key, value, whole.length) : undefined;
    const bytes = apart === undefined ? whole : encodeRecord({ ...body, value: null, large: apart.large });
    assert(bytes.length <= RECORD_BYTES_MAX, `a record without its value is short: ${key}`);
    // Read back: what readers here get is what peers get, and no object of the caller's.
    const readBack = decodeRecord(bytes);
    assert(readBack !== undefined, `a record that peers would refuse: ${key}`);
    const signature = this.#guard.sign(key, bytes);
    // What was set before the clock began is of an earlier life: at least so old.
    const ageBoundMs = setAtMs < 0 ? null : 0;
    return storedRecord(readBack, bytes, { setAtMs, ageBoundMs, signature, content: apart?.bytes });
  }

  /** A value that is too long for a record travels apart [P-5.43]. */
  #contentOf(key: string, value: AppValue, recordBytes: number): { bytes: Uint8Array; large: LargeMark } {
    // Slots of shared data are joined by all, so they stay short; the protocol's own records must not wait for anything.
    if (isReservedKey(key) || isCrdtKey(key))
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `${key}: expected at most ${RECORD_BYTES_MAX} bytes with its key; got ${recordBytes}. Split it over several keys.`,
      );
    const bytes = encodeValue(value);
    if (bytes.length > LARGE_VALUE_BYTES_MAX)
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `${key}: expected a value of at most ${LARGE_VALUE_BYTES_MAX} bytes of CBOR; got ${bytes.length}. Split it over several keys.`,
      );
    return { bytes, large: { length: bytes.length, hash: this.#sha256(bytes) } };
  }

  /** Where owners sign, they sign how much they have forgotten: nobody else can make a holder forget [P-5.22]. */
  #statedGc(key: string): number | undefined {
    if (!this.#guard.signs || key !== STATEMENT_KEY) return undefined;
    const sequence = this.#records.gc - makeVersion(this.#boot, 0);
    return sequence > 0 ? sequence : undefined;
  }

  #commit(records: readonly StoredRecord[], nowMs: number): StoredRecord[] {
    for (const record of records) {
      this.#sequence++;
      this.#table.putOwn(this.#records, record, nowMs);
    }
    return records.map(({ key }) => this.#records.get(key)!);
  }
}

/** What a record is made of. */
type Content = Omit<RecordBody, 'version' | 'uptimeMs' | 'gcSequence' | 'batch' | 'large'> & {
  readonly setAtMs: number;
};

const TOMBSTONE = { value: null, deleted: true, priority: 'normal', quality: 'good' } as const;

function contentOf({ key, value, unit, ttlMs, ageMs = 0, ...options }: PutEntry, nowMs: number): Content {
  const { priority = 'normal', quality = 'good' } = options;
  return { key, value, unit, ttlMs, priority, quality, deleted: false, setAtMs: nowMs - ageMs };
}

/** Records in their order, those that were put together as one run. */
function runsOf(records: readonly StoredRecord[]): Content[][] {
  const runs: Content[][] = [];
  let first: Version | undefined;
  for (const record of records) {
    const { key, value, unit, quality, priority, ttlMs, setAtMs, batch } = record;
    const content = { key, value, unit, quality, priority, ttlMs, setAtMs, deleted: false };
    if (batch !== undefined && firstOf(record) === first) runs.at(-1)!.push(content);
    else runs.push([content]);
    first = batch === undefined ? undefined : firstOf(record);
  }
  return runs;
}
