import { assert, GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import { RECORD_BYTES_MAX, RESERVED_BYTES, RESERVED_RECORDS, TTL_MS_MAX } from '../core/limits.ts';
import { isReservedKey } from '../core/reserved-keys.ts';
import type { AppValue } from '../core/value.ts';
import { makeVersion, type Version } from '../core/version.ts';
import type { Priority, PutOptions } from '../core/views.ts';
import { STATEMENT_KEY } from '../data/delta.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { OPEN_GUARD, type RecordGuard } from '../data/record-guard.ts';
import type { RecordTable } from '../data/record-table.ts';
import { expiresAtMs, isLive, type StoredRecord, storedRecord } from '../data/stored-record.ts';
import { PRESENCE_KEY } from '../trust/presence-chain.ts';
import type { RecordBody } from '../wire/record.ts';
import { decodeRecord, encodeRecord, problemOfKey, problemOfUnit } from '../wire/record-codec.ts';
import { problemOfValue } from '../wire/value-check.ts';
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
  #records: OwnerRecords;

  constructor(parts: {
    owner: NodeId;
    boot: number;
    table: RecordTable;
    settings: EngineSettings;
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
    this.#records = this.#table.openOwn(this.#owner, makeVersion(this.#boot, 0), parts.nowMs);
  }

  get boot(): number {
    return this.#boot;
  }

  get(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  /** An application's put. @throws GridvineError with the state unchanged. */
  put(key: string, value: AppValue, options: PutOptions, nowMs: number): StoredRecord {
    checkKey(key);
    checkOptions(options);
    const problem = problemOfValue(value);
    if (problem !== undefined) throw new GridvineError('E_VALUE_INVALID', `${key}: ${problem}`);
    const before = this.#live(key);
    if (options.ifVersion !== undefined && options.ifVersion !== (before?.version ?? 0)) {
      throw new GridvineError(
        'E_VERSION_CONFLICT',
        `${key}: expected version ${options.ifVersion}; it has ${before?.version ?? 0}. Read it again, then decide.`,
      );
    }
    const make = () =>
      this.#make(
        {
          key,
          value,
          deleted: false,
          priority: options.priority ?? 'normal',
          quality: options.quality ?? 'good',
          ttlMs: options.ttlMs,
          unit: options.unit,
        },
        nowMs - (options.ageMs ?? 0),
      );
    let record = make();
    // Tombstones go early rather than that a put is refused: who still needed them is reset.
    if (!this.#fits(record)) {
      this.#collect(nowMs, () => true);
      // Collecting may have put a record itself.
      record = make();
    }
    this.#checkQuota(record);
    return this.#commit(record, nowMs);
  }

  /** An application's delete: leaves a tombstone. @throws GridvineError `E_NOT_FOUND`. */
  delete(key: string, nowMs: number): StoredRecord {
    checkKey(key);
    if (this.#live(key) === undefined)
      throw new GridvineError(
        'E_NOT_FOUND',
        `${key}: this node has no such record. A node deletes only its own: see \`gridvine get ${key}\`.`,
      );
    return this.#commit(
      this.#make({ key, value: null, deleted: true, priority: 'normal', quality: 'good' }, nowMs),
      nowMs,
    );
  }

  /** Takes a record of the node's own protocol back; one that isn't there is well. */
  deleteReserved(key: string, nowMs: number): StoredRecord | undefined {
    if (this.#live(key) === undefined) return undefined;
    return this.#commit(
      this.#make({ key, value: null, deleted: true, priority: 'normal', quality: 'good' }, nowMs),
      nowMs,
    );
  }

  /** A record of the node's own protocol: `node`, accusations, keys. */
  putReserved(
    key: string,
    value: AppValue,
    nowMs: number,
    { ttlMs, priority = 'urgent' }: { readonly ttlMs?: number; readonly priority?: Priority } = {},
  ): StoredRecord {
    return this.#commit(
      this.#make({ key, value, deleted: false, priority, quality: 'good', ttlMs }, nowMs),
      nowMs,
    );
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

  #putAgain(live: readonly StoredRecord[], nowMs: number): void {
    for (const record of live) {
      const { key, value, unit, quality, priority, ttlMs, setAtMs } = record;
      this.#commit(
        this.#make({ key, value, unit, quality, priority, ttlMs, deleted: false }, setAtMs),
        nowMs,
      );
    }
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
    this.#table.collectTombstones(this.#records, line, nowMs);
    this.#onCollected(nowMs);
  }

  #live(key: string): StoredRecord | undefined {
    const record = this.#records.get(key);
    return record === undefined || !isLive(record) ? undefined : record;
  }

  #make(content: Omit<RecordBody, 'version' | 'uptimeMs' | 'gcSequence'>, setAtMs: number): StoredRecord {
    const version: Version = makeVersion(this.#boot, this.#sequence + 1);
    const body: RecordBody = {
      ...content,
      version,
      uptimeMs: Math.max(0, Math.round(setAtMs)),
      gcSequence: this.#statedGc(content.key),
    };
    const bytes = encodeRecord(body);
    if (bytes.length > RECORD_BYTES_MAX) {
      throw new GridvineError(
        'E_VALUE_TOO_LARGE',
        `${content.key}: expected at most ${RECORD_BYTES_MAX} bytes with its key; got ${bytes.length}. Split it over several keys.`,
      );
    }
    // Read back: what readers here get is what peers get, and no object of the caller's.
    const readBack = decodeRecord(bytes);
    assert(readBack !== undefined, `a record that peers would refuse: ${content.key}`);
    const signature = this.#guard.sign(content.key, bytes);
    // What was set before the clock began is of an earlier life: at least so old.
    const ageBoundMs = setAtMs < 0 ? null : 0;
    return storedRecord(readBack, bytes, { setAtMs, ageBoundMs, signature });
  }

  /** Where owners sign, they sign how much they have forgotten: nobody else can make a holder forget [P-5.22]. */
  #statedGc(key: string): number | undefined {
    if (!this.#guard.signs || key !== STATEMENT_KEY) return undefined;
    const sequence = this.#records.gc - makeVersion(this.#boot, 0);
    return sequence > 0 ? sequence : undefined;
  }

  #commit(record: StoredRecord, nowMs: number): StoredRecord {
    this.#sequence++;
    this.#table.putOwn(this.#records, record, nowMs);
    return record;
  }

  #sizesWith(record: StoredRecord): { records: number; bytes: number } {
    const before = this.#records.get(record.key);
    return {
      records: this.#records.size + (before === undefined ? 1 : 0),
      bytes: this.#records.bytes + record.body.length - (before?.body.length ?? 0),
    };
  }

  #fits(record: StoredRecord): boolean {
    const { records, bytes } = this.#sizesWith(record);
    return records <= this.#recordsMax && bytes <= this.#bytesMax;
  }

  get #recordsMax(): number {
    return this.#settings.recordsPerOwnerMax - RESERVED_RECORDS;
  }

  get #bytesMax(): number {
    return this.#settings.bytesPerOwnerMax - RESERVED_BYTES;
  }

  #checkQuota(record: StoredRecord): void {
    const { records, bytes } = this.#sizesWith(record);
    if (records > this.#recordsMax) {
      throw new GridvineError(
        'E_QUOTA',
        `${record.key}: this node has ${records - 1} records, the most it may have. Delete some, or give them a ttl.`,
      );
    }
    if (bytes > this.#bytesMax) {
      throw new GridvineError(
        'E_QUOTA',
        `${record.key}: this node's records would take ${bytes} bytes, more than ${this.#bytesMax}. Delete some, or make them smaller.`,
      );
    }
  }
}

function checkKey(key: string): void {
  const problem = problemOfKey(key);
  if (problem !== undefined)
    throw new GridvineError('E_KEY_INVALID', `key ${JSON.stringify(key.slice(0, 160))}: ${problem}`);
  if (isReservedKey(key))
    throw new GridvineError(
      'E_KEY_RESERVED',
      `${key}: \`node\`, \`accuse/\` and \`sys/\` are gridvine's own keys. Choose another name.`,
    );
}

function checkOptions({ ttlMs, unit, ageMs }: PutOptions): void {
  if (ageMs !== undefined && !(ageMs >= 0 && ageMs <= TTL_MS_MAX)) {
    throw new GridvineError('E_VALUE_INVALID', `age: expected 0 ms to 366 days; got ${ageMs} ms`);
  }
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= TTL_MS_MAX)) {
    throw new GridvineError('E_TTL_INVALID', `ttl: expected 1 ms to 366 days; got ${ttlMs} ms`);
  }
  const unitProblem = unit === undefined ? undefined : problemOfUnit(unit);
  if (unitProblem !== undefined) throw new GridvineError('E_UNIT_INVALID', `unit: ${unitProblem}`);
}
