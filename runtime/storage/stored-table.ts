import type { NodeId } from '../core/ids.ts';
import type { KeptEntry, KeptOwner } from '../core/kept-table.ts';
import { sumOfRow } from './row-sum.ts';
import type { StoreTimes } from './store-times.ts';
import type { StoredRow } from './table-store.ts';

/** A table as it is read back from rows. */
export interface StoredTable {
  /** This node's own records, by earlier boots. */
  readonly own: readonly KeptEntry[];
  readonly others: readonly KeptOwner[];
  /** Owners whose rows don't belong together: left out. */
  readonly damagedOwners: number;
  /** The numbers of their rows. */
  readonly damagedIds: readonly number[];
}

/** Puts rows together. What can't be complete is left out: its owner is asked for anew. */
export function tableOfRows(rows: readonly StoredRow[], times: StoreTimes): StoredTable {
  const own: KeptEntry[] = [];
  const lines = new Map<NodeId, StoredRow>();
  const entries = new Map<NodeId, { readonly list: KeptEntry[]; check: number }>();
  for (const row of rows) {
    const { owner } = row;
    if (owner === null) own.push(...entryOf(row, times));
    else if (row.key === null) lines.set(owner, row);
    else {
      const found = entries.get(owner) ?? { list: [], check: 0 };
      entries.set(owner, found);
      found.list.push(...entryOf(row, times));
      found.check ^= sumOfRow(row);
    }
  }
  const others: KeptOwner[] = [];
  for (const [owner, { version, gc, check }] of lines) {
    const found = entries.get(owner);
    entries.delete(owner);
    if ((found?.check ?? 0) === check) others.push({ owner, known: version, gc, entries: found?.list ?? [] });
  }
  const whole = new Set(others.map(({ owner }) => owner));
  const damagedIds = rows.flatMap(({ id, owner }) => (owner === null || whole.has(owner) ? [] : [id]));
  return { own, others, damagedOwners: lines.size - others.length + entries.size, damagedIds };
}

function entryOf(row: StoredRow, times: StoreTimes): KeptEntry[] {
  const { key, version, body, signature, setAtMs, ageBoundMs, era, expired, content } = row;
  if (key === null) return [];
  // Nobody knows how long this board was off between two eras.
  const bound = era === times.era ? ageBoundMs : Number.POSITIVE_INFINITY;
  const entry = { key, version, body, signature, setAtMs: times.toBoot(setAtMs), ageBoundMs: bound, expired };
  return [content === undefined ? entry : { ...entry, content }];
}
