import type { NodeId } from '#runtime/core/ids.ts';
import type { KeptEntry, KeptOwner } from '#runtime/core/kept-table.ts';
import { makeVersion } from '#runtime/core/version.ts';
import type { StoreTimes } from '#runtime/storage/store-times.ts';
import { TableMirror } from '#runtime/storage/table-mirror.ts';
import type { StoreAbout, StoredRow } from '#runtime/storage/table-store.ts';
import { encodeRecord } from '#runtime/wire/record-codec.ts';

export const ANN: NodeId = 'a1'.repeat(16);
export const BEN: NodeId = 'b2'.repeat(16);
export const SELF: NodeId = '0f'.repeat(16);

export const ABOUT: StoreAbout = {
  cluster: 'test',
  keys: ['00112233aabbccdd'],
  era: 1,
  machineBoot: 'm1',
  baseMs: 0,
  lastMs: 5_000,
};

/** A live record, as a table holds it. */
export function keptEntry(key: string, sequence: number, changes: Partial<KeptEntry> = {}): KeptEntry {
  const version = makeVersion(2, sequence);
  const body = encodeRecord({
    version,
    key,
    value: `${key} ${sequence}`,
    deleted: false,
    priority: 'normal',
    quality: 'good',
  });
  return {
    key,
    version,
    body,
    signature: undefined,
    setAtMs: 1_000,
    ageBoundMs: 7,
    expired: false,
    ...changes,
  };
}

/** An owner with these records, complete up to `known`. */
export function keptOwner(owner: NodeId, known: number, ...entries: KeptEntry[]): KeptOwner {
  return { owner, known: makeVersion(2, known), gc: makeVersion(2, 0), entries };
}

/** The rows that a store has of these owners. */
export function rowsOf(owners: readonly KeptOwner[], times: StoreTimes, ownKeys: string[] = []): StoredRow[] {
  const wanted = { changed: owners, holds: () => true, self: SELF, ownKeys: new Set(ownKeys) };
  return [...new TableMirror([]).difference(wanted, times).put];
}
