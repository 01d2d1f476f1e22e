import type { DropReason } from '../core/counters.ts';
import type { StoredRecord } from './stored-record.ts';

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

/** Of a block that changed nothing. */
export const NOTHING_MERGED: MergeResult = {
  fresh: [],
  advanced: false,
  gap: false,
  refused: undefined,
  repeated: 0,
};
