import type { Version } from '../core/version.ts';
import { markOfKey } from '../wire/record-marks.ts';
import type { OwnerRecords } from './owner-records.ts';
import { isLive, type StoredRecord } from './stored-record.ts';

/**
 * What readers see of an owner's records that they don't see yet: by key, the record before, or nothing. The table itself, and what it
 * tells others, knows the newest only.
 */
export type HeldBack = Map<string, StoredRecord | undefined>;

/** Whether a record may have to wait for something else before readers see it [P-5.40, P-5.43]. */
export function waitsForOthers(record: StoredRecord): boolean {
  return isLive(record) && (record.batch !== undefined || isEmpty(record));
}

/** Whether a record's value travels apart and hasn't come. */
export function isEmpty(record: StoredRecord): boolean {
  return record.large !== undefined && record.content === undefined;
}

/**
 * Those of an owner's held-back records that readers may see now: the largest set of which each has its value, and finds for each
 * other key of its batch a record at least as new that is seen already, or is in the set. Ascending by version.
 */
export function releasable(records: OwnerRecords): StoredRecord[] {
  const { held } = records;
  if (held === undefined) return [];
  const ready = new Set<StoredRecord>();
  let from = Number.POSITIVE_INFINITY;
  for (const key of held.keys()) {
    const record = records.get(key);
    if (record === undefined || isEmpty(record)) continue;
    ready.add(record);
    from = Math.min(from, firstOf(record));
  }
  if (ready.size === 0) return [];
  const byMark = new Map<number, StoredRecord>();
  for (const record of records.above(from - 1)) byMark.set(markOfKey(record.key), record);
  const isMet = (mark: number, first: Version) => {
    const other = byMark.get(mark);
    return other !== undefined && other.version >= first && (!held.has(other.key) || ready.has(other));
  };
  // What can't be shown may be what others wait for.
  for (let before = -1; before !== ready.size; ) {
    before = ready.size;
    for (const record of ready) {
      const first = firstOf(record);
      if (record.batch?.members.every((mark) => isMet(mark, first)) === false) ready.delete(record);
    }
  }
  return [...ready].sort((a, b) => a.version - b.version);
}

/** The version of the first record of its batch; its own where it was put alone. */
export function firstOf({ version, batch }: StoredRecord): Version {
  return version - (batch?.index ?? 0);
}
