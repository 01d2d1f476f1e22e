import {
  type StoreAbout,
  type StoreBatch,
  type StoreContent,
  type StoredRow,
  StoreError,
  type TablePlace,
  type TableStore,
} from '#runtime/storage/table-store.ts';

/** A place for a store in memory, whose medium fails on demand. */
export class MemoryPlace implements TablePlace {
  readonly rows = new Map<number, StoredRow>();
  about: StoreAbout | undefined;
  damagedRows = 0;
  /** What a row costs, and all did so far. */
  rowBytes = 500;
  bytes = 0;
  commits = 0;
  syncs = 0;
  aside = 0;
  isOpen = false;
  /** What is refused with `ENOSPC` while set. */
  refuses: 'open' | 'load' | 'commit' | 'sync' | undefined;
  /** Each commit finds damage. */
  damagedForGood = false;
  /** The next load, or commit, finds damage. */
  damaged: 'load' | 'commit' | undefined;

  async open(): Promise<TableStore> {
    this.#refuse('open');
    this.isOpen = true;
    return {
      load: () => this.#load(),
      commit: (batch) => this.#commit(batch),
      sync: async () => {
        this.#refuse('sync');
        this.syncs++;
      },
      settle: async () => {},
      close: () => {
        this.isOpen = false;
      },
    };
  }

  async setAside(): Promise<string> {
    this.rows.clear();
    this.about = undefined;
    this.damagedRows = 0;
    this.damaged = undefined;
    return `/data/state.db.corrupt-${++this.aside}`;
  }

  #load(): StoreContent {
    if (this.damaged === 'load') throw new StoreError('damaged', 'malformed');
    this.#refuse('load');
    const rows = [...this.rows.values()].sort((a, b) => a.id - b.id);
    return { about: this.about, rows, damagedRows: this.damagedRows };
  }

  #commit({ about, put, remove }: StoreBatch): number {
    if (this.damaged === 'commit' || this.damagedForGood) throw new StoreError('damaged', 'malformed');
    this.#refuse('commit');
    this.commits++;
    this.about = about;
    for (const id of remove) this.rows.delete(id);
    for (const row of put) this.rows.set(row.id, row);
    const bytes = put.length * this.rowBytes;
    this.bytes += bytes;
    return bytes;
  }

  #refuse(what: NonNullable<MemoryPlace['refuses']>): void {
    if (this.refuses === what) throw new StoreError('refused', 'ENOSPC');
  }
}
