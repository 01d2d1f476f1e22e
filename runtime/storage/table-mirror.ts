import type { NodeId } from '../core/ids.ts';
import type { KeptEntry, KeptOwner } from '../core/kept-table.ts';
import { sumOfRow } from './row-sum.ts';
import type { StoreTimes } from './store-times.ts';
import type { StoredRow } from './table-store.ts';

/** Rows with a number so near the highest are changed where they are; others move to the end, to those that change as often. */
const TAIL_ROWS = 128;
const NO_BYTES = new Uint8Array(0);

/** What is remembered of a row: enough to see whether it is out of date. */
interface Place {
  readonly id: number;
  readonly version: number;
  readonly expired: boolean;
  /** Whether a value that travels apart is with it. */
  readonly isFilled: boolean;
  readonly sum: number;
}

interface OwnerPlaces {
  lines: Place | undefined;
  gc: number;
  readonly entries: Map<string, Place>;
}

/** About so many rows are written at once: the event loop waits for them. A value that travelled apart weighs one for each KiB. */
const ROWS_MAX = 128;

/** Rows to write, and to remove, so that a store says what the table does. */
export interface Difference {
  readonly put: readonly StoredRow[];
  readonly remove: readonly number[];
}

/** The difference of some of the owners that changed. */
export interface PartialDifference extends Difference {
  /** How many of them it is about, from the first on. */
  readonly owners: number;
}

/** What the store is to hold. */
export interface Wanted {
  /** Owners of whom something changed. */
  readonly changed: readonly KeptOwner[];
  /** Whether an owner is still held at all. */
  readonly holds: (owner: NodeId) => boolean;
  /** This node's id, and those of its keys that outlive it. */
  readonly self: NodeId;
  readonly ownKeys: ReadonlySet<string>;
}

/** Remembers what a store holds, and tells what differs from a table. */
export class TableMirror {
  readonly #owners = new Map<NodeId | null, OwnerPlaces>();
  #lastId = 0;

  /** @param rows those that the store holds. */
  constructor(rows: readonly StoredRow[]) {
    this.apply({ put: rows, remove: [] });
  }

  /** Rows that the store holds. */
  get size(): number {
    let size = 0;
    for (const { lines, entries } of this.#owners.values())
      size += entries.size + Number(lines !== undefined);
    return size;
  }

  /** What is to be written first; the mirror is as before until `apply`. Owner by owner: what is of one belongs together. */
  difference({ changed, holds, self, ownKeys }: Wanted, times: StoreTimes): PartialDifference {
    const writer = new Writer(this.#lastId);
    const { put, remove } = writer;
    let owners = 0;
    for (const kept of changed) {
      if (writer.weight >= ROWS_MAX) return { put, remove, owners };
      if (kept.owner === self) this.#writeOwn(kept, ownKeys, times, writer);
      // It may have been forgotten since it was listed: of nothing held nothing is known.
      else if (holds(kept.owner)) this.#writeOwner(kept, times, writer);
      owners++;
    }
    for (const [owner, places] of this.#owners) {
      if (owner === null) {
        for (const [key, place] of places.entries) if (!ownKeys.has(key)) writer.remove.push(place.id);
      } else if (!holds(owner) || owner === self) writer.remove.push(...idsOf(places));
    }
    return { put, remove, owners };
  }

  /** The store took it. */
  apply({ put, remove }: Difference): void {
    const removed = new Set(remove);
    if (removed.size > 0)
      for (const [owner, places] of this.#owners) {
        for (const [key, { id }] of places.entries) if (removed.has(id)) places.entries.delete(key);
        if (places.lines !== undefined && removed.has(places.lines.id)) places.lines = undefined;
        if (places.lines === undefined && places.entries.size === 0) this.#owners.delete(owner);
      }
    for (const row of put) {
      const { id, owner, key, version, expired, content } = row;
      this.#lastId = Math.max(this.#lastId, id);
      const places = this.#placesOf(owner);
      const place = { id, version, expired, isFilled: content !== undefined, sum: sumOfRow(row) };
      if (key === null) {
        places.lines = place;
        places.gc = row.gc;
      } else places.entries.set(key, place);
    }
  }

  #writeOwner({ owner, known, gc, entries }: KeptOwner, times: StoreTimes, writer: Writer): void {
    const before = this.#owners.get(owner);
    const gone = new Set(before?.entries.keys());
    let check = 0;
    let moved = before === undefined || before.lines?.version !== known || before.gc !== gc;
    for (const entry of entries) {
      gone.delete(entry.key);
      const place = before?.entries.get(entry.key);
      if (place !== undefined && isCurrent(place, entry)) check ^= place.sum;
      else {
        check ^= sumOfRow(writer.write(place, rowOf(owner, entry, times)));
        moved = true;
      }
    }
    for (const key of gone) writer.remove.push(before?.entries.get(key)?.id ?? 0);
    if (!moved && gone.size === 0) return;
    writer.write(before?.lines, { ...NO_ROW, owner, version: known, gc, era: times.era, check });
  }

  /** Own records that aren't in the table were refused at the start: the store keeps them for the next one. */
  #writeOwn({ entries }: KeptOwner, ownKeys: ReadonlySet<string>, times: StoreTimes, writer: Writer): void {
    const before = this.#owners.get(null);
    for (const entry of entries) {
      if (!ownKeys.has(entry.key)) continue;
      const place = before?.entries.get(entry.key);
      if (place?.version !== entry.version) writer.write(place, rowOf(null, entry, times));
    }
  }

  #placesOf(owner: NodeId | null): OwnerPlaces {
    const present = this.#owners.get(owner);
    if (present !== undefined) return present;
    const places = { lines: undefined, gc: 0, entries: new Map() };
    this.#owners.set(owner, places);
    return places;
  }
}

/** Collects what is to be written, and numbers it. */
class Writer implements Difference {
  readonly put: StoredRow[] = [];
  readonly remove: number[] = [];
  /** In rows. */
  weight = 0;
  #lastId: number;

  constructor(lastId: number) {
    this.#lastId = lastId;
  }

  /** @param before where it stood. @returns the row as it will stand. */
  write(before: Place | undefined, row: Omit<StoredRow, 'id'>): StoredRow {
    const stays = before !== undefined && before.id > this.#lastId - TAIL_ROWS;
    if (before !== undefined && !stays) this.remove.push(before.id);
    if (!stays) this.#lastId++;
    const placed = { ...row, id: stays ? before.id : this.#lastId };
    this.put.push(placed);
    this.weight += 1 + (row.content?.length ?? 0) / 1_024;
    return placed;
  }
}

const NO_ROW = {
  key: null,
  gc: 0,
  body: NO_BYTES,
  signature: undefined,
  setAtMs: 0,
  ageBoundMs: null,
  expired: false,
  check: 0,
} as const;

function rowOf(owner: NodeId | null, entry: KeptEntry, times: StoreTimes): Omit<StoredRow, 'id'> {
  const { key, version, body, signature, setAtMs, ageBoundMs, expired, content } = entry;
  const stored = times.toStore(setAtMs);
  // As what an earlier era left.
  const isUnknown = ageBoundMs === Number.POSITIVE_INFINITY;
  return {
    ...NO_ROW,
    owner,
    key,
    version,
    body,
    signature,
    setAtMs: stored,
    ageBoundMs: isUnknown ? null : ageBoundMs,
    era: isUnknown ? 0 : times.era,
    expired,
    ...(content !== undefined && { content }),
  };
}

/** Whether a row says what is to be said. */
function isCurrent({ version, expired, isFilled }: Place, entry: KeptEntry): boolean {
  return version === entry.version && expired === entry.expired && isFilled === (entry.content !== undefined);
}

function idsOf({ lines, entries }: OwnerPlaces): number[] {
  const ids = [...entries.values()].map(({ id }) => id);
  return lines === undefined ? ids : [...ids, lines.id];
}
