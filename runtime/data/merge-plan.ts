import { AGE_MS_MAX } from '../core/limits.ts';
import type { Version } from '../core/version.ts';
import type { Block, Item } from '../wire/message.ts';
import { peekVersion } from '../wire/record-codec.ts';
import type { OwnerRecords } from './owner-records.ts';
import type { PassedOver } from './passed-over.ts';
import { type Age, type AgeJudge, judgedAge } from './record-age.ts';
import type { RecordReader } from './record-reader.ts';
import { type StoredRecord, storedRecord } from './stored-record.ts';

/** What a block does to what is held of its owner. */
export interface MergePlan {
  /** The holder starts again from what the block lists [P-5.4]. */
  readonly reset: boolean;
  /** The block joins on to what is known, so the line may move. */
  readonly contiguous: boolean;
  /** What the block's span doesn't list is gone. */
  readonly complete: boolean;
  /** Versions up to here are held or were forgotten for good. */
  readonly known: Version;
}

/** What is taken of one block, and how. */
export interface Taking {
  readonly plan: MergePlan;
  readonly nowMs: number;
  /** This node held it before its restart: no limit refuses it. */
  readonly isKept: boolean | undefined;
  /** Filled: what was taken. */
  readonly fresh: StoredRecord[];
}

/**
 * How a block meets what is held. It joins on only where its gc line was passed too: else a tombstone between may have been
 * collected, and what it deleted would stay. In the middle of a reset, blocks from before it are no help.
 */
export function planMerge(records: OwnerRecords, block: Block): MergePlan {
  // Tombstones that its owner never said to have forgotten: the line stays, and so does what would go with a reset.
  if (block.gc > records.provenGc)
    return { reset: false, contiguous: false, complete: false, known: records.known };
  const stale = records.resetting && block.gc < records.gc;
  const reset = !stale && block.from === 0 && block.gc > records.known && block.gc > records.gc;
  const behindGc = records.known < block.gc && records.gc !== block.gc;
  const contiguous = reset || (!stale && !behindGc && records.known >= block.from);
  const complete = reset || (records.resetting && contiguous);
  const known = reset ? 0 : stale ? Math.max(records.known, records.gc) : records.known;
  return { reset, contiguous, complete, known };
}

/** A record as it was read, and the gc line that its owner stated with it, within its boot. */
export interface ReadItem {
  readonly record: StoredRecord;
  readonly gcSequence: number | undefined;
}

/** Whether a record is newer than what is held, and not one that was forgotten here for good. */
export function isNews(records: OwnerRecords, record: StoredRecord, { known }: MergePlan): boolean {
  const before = records.get(record.key);
  if (before !== undefined) return record.version > before.version;
  const isUnknown = record.version > known || records.passedOver?.isOpen(record.version) === true;
  return isUnknown && !(record.deleted && record.version <= records.gc);
}

/**
 * Decodes a block's items. What this holder must already have or have forgotten is skipped unread: most of what comes by push is. Not so
 * what it passed over and may take by now.
 * @returns undefined where one of them breaks the specification.
 */
export function readItems(
  block: Block,
  how: {
    read: RecordReader;
    skipUpTo: Version;
    passedOver?: PassedOver | undefined;
    nowMs: number;
    ageBoundMs: number | null;
    ages?: AgeJudge | undefined;
  },
): ReadItem[] | undefined {
  const items: ReadItem[] = [];
  for (const item of block.items) {
    const version = peekVersion(item.body);
    if (version === undefined || version <= block.from || version > block.to) return undefined;
    if (version <= how.skipUpTo && how.passedOver?.isOpen(version) !== true) continue;
    const read = how.read(item.body);
    if (read === undefined) return undefined;
    const claimed = claimedAge(item, read.about.ttlMs, how);
    const age = judgedAge(how.ages, block.owner, read.about, claimed, how.nowMs);
    const origin = { ...age, signature: item.signature };
    items.push({
      record: storedRecord(read.about, read.bytes, origin),
      gcSequence: read.about.gcSequence,
    });
  }
  return items;
}

/** What its holder says of an item's age. The highest stands for an unknown one, except of what is to end: that has ended [P-5.30]. */
function claimedAge(
  item: Item,
  ttlMs: number | undefined,
  { nowMs, ageBoundMs }: { readonly nowMs: number; readonly ageBoundMs: number | null },
): Age {
  if (item.ageMs >= AGE_MS_MAX && ttlMs === undefined)
    return { setAtMs: nowMs, ageBoundMs: Number.POSITIVE_INFINITY };
  return { setAtMs: nowMs - Math.min(item.ageMs, AGE_MS_MAX), ageBoundMs: item.ageBoundMs ?? ageBoundMs };
}
