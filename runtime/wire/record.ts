import type { AppValue, Quality } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { Priority } from '../core/views.ts';

/** The records that its owner put together with this one [P-5.40]: each is shown to readers only with all the others. */
export interface BatchMark {
  /** Its place in the batch, from 0; versions are consecutive, so the first one's is this one's less the place. */
  readonly index: number;
  /** Key marks of all records of the batch, by place, its own among them. */
  readonly members: readonly number[];
}

/** A value that is too long for a record and travels apart [P-5.43]. */
export interface LargeMark {
  /** Bytes of its CBOR, 1 to 16384. */
  readonly length: number;
  /** SHA-256 of these: 32 bytes. */
  readonly hash: Uint8Array;
}

/** A record's content, as its owner wrote it; encoded once by the owner and relayed byte for byte [P-4.2]. */
export interface RecordBody {
  readonly version: Version;
  readonly key: string;
  /** null in a tombstone. */
  readonly value: AppValue;
  readonly ttlMs?: number;
  readonly unit?: string;
  readonly deleted: boolean;
  readonly priority: Priority;
  /** The owner's boot-time clock when it set the record; absent: not stated. */
  readonly uptimeMs?: number;
  readonly quality: Quality;
  /** The owner's gc line when it set the record, as a sequence of its boot [P-5.22]; absent: not stated. */
  readonly gcSequence?: number;
  /** Absent: it was put alone. Never on a reserved key. */
  readonly batch?: BatchMark;
  /** Absent: the value is in the record. Never on a reserved key, nor in a tombstone; the record's own value is null then. */
  readonly large?: LargeMark;
}
