import type { AppValue, Quality } from '../core/value.ts';
import type { Version } from '../core/version.ts';
import type { Priority } from '../core/views.ts';

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
}
