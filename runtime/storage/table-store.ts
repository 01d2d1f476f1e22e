import type { NodeId } from '../core/ids.ts';

/** One row of the store: a record, or the lines of an owner. */
export interface StoredRow {
  /** Rows are kept in this order. What changes often gets high numbers, so that it stays together. */
  readonly id: number;
  /** null: this node itself, whose records are put again under its next boot. */
  readonly owner: NodeId | null;
  /** null: the owner's lines. */
  readonly key: string | null;
  /** Of a record its version, of lines the known line. */
  readonly version: number;
  /** Of lines the gc line; else 0. */
  readonly gc: number;
  /** Of a record the owner's bytes; of lines none. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
  /** When its owner set it, in the store's time; of lines 0. */
  readonly setAtMs: number;
  readonly ageBoundMs: number | null;
  /** The era of the store's time in which it was written: what is of an earlier one is at least so old. */
  readonly era: number;
  readonly expired: boolean;
  /** Of lines: the exclusive-or of the sums of the owner's records, so that a page that went back in time shows. */
  readonly check: number;
  /** Of a record whose value travels apart, the value's bytes, as far as they are here. */
  readonly content?: Uint8Array | undefined;
}

/** Whose table it is, and when it was last written. */
export interface StoreAbout {
  readonly cluster: string;
  /** Fingerprints of the keys that the node had: a store of which none is left is of another cluster. Empty: it goes by certificates. */
  readonly keys: readonly string[];
  readonly era: number;
  /** Which run of the machine it was; null: the platform doesn't tell. */
  readonly machineBoot: string | null;
  /** Store time less boot time, in this era. */
  readonly baseMs: number;
  /** Store time of the last write. */
  readonly lastMs: number;
  /** The sum of the own records of an earlier release that were taken over; absent: none were. */
  readonly tookOver?: string | undefined;
}

/** What changes together, or not at all. */
export interface StoreBatch {
  readonly about: StoreAbout;
  /** Rows to put, in the place of those with the same number. */
  readonly put: readonly StoredRow[];
  readonly remove: readonly number[];
}

/** What a store holds. */
export interface StoreContent {
  /** undefined: nothing was ever written. */
  readonly about: StoreAbout | undefined;
  readonly rows: readonly StoredRow[];
  /** Rows whose checksum is wrong: left out. */
  readonly damagedRows: number;
}

/** Keeps a node's table on a medium. Its methods throw `StoreError`. */
export interface TableStore {
  /** All that it holds; once, before the first commit. */
  load(): StoreContent;
  /**
   * All or nothing, also where the process dies in the middle. It is in the operating system's hands then: a power cut may undo it.
   * @returns about how many bytes the medium is given for it, at once and later.
   */
  commit(batch: StoreBatch): number;
  /** Resolves when all commits so far are on the medium. */
  sync(): Promise<void>;
  /** Like `sync`, and leaves nothing for `close` to wait for. */
  settle(): Promise<void>;
  /** Closes; idempotent. What isn't settled it brings home itself, and waits for the medium. */
  close(): void;
}

/** A place for one node's store. */
export interface TablePlace {
  /** Opens what is there, or makes it. Rejects with `StoreError`. */
  open(): Promise<TableStore>;
  /** Moves what is there out of the way, for people to look at. @returns its new path. Rejects with the platform's error. */
  setAside(): Promise<string>;
}

/** A store that can't do what was asked. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** `damaged`: what is there can't be used any more; `refused`: the medium takes nothing, now. */
  readonly kind: 'damaged' | 'refused';
  /** The platform's or the database's code, for people: `ENOSPC`, `SQLITE_FULL`. */
  readonly reason: string;

  constructor(kind: 'damaged' | 'refused', reason: string, options?: ErrorOptions) {
    super(`${kind}: ${reason}`, options);
    this.kind = kind;
    this.reason = reason;
  }
}
