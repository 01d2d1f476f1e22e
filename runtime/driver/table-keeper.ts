import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import type { KeptEntry, KeptOwner } from '../core/kept-table.ts';
import type { KeepFace } from '../engine/keep-face.ts';
import { fileErrorCode, type StorageNotice, type StorageNoticeCode } from '../storage/notice.ts';
import { StoreTimes } from '../storage/store-times.ts';
import { type StoredTable, tableOfRows } from '../storage/stored-table.ts';
import { type Difference, TableMirror } from '../storage/table-mirror.ts';
import {
  type StoreAbout,
  type StoreContent,
  StoreError,
  type TablePlace,
  type TableStore,
} from '../storage/table-store.ts';
import type { Clock } from './clock.ts';
import { PacedTask } from './paced-task.ts';
import type { Scheduler } from './scheduler.ts';
import { WriteBudget } from './write-budget.ts';

/**
 * What others say is written so often, or as seldom as the budget of writes needs: a power cut loses what they said since, and it comes back
 * from them.
 */
const OTHERS_MS = 100_000;
/** A change of this node's own waits so long for others, and so long since the last write. */
const OWN_DELAY_MS = 2_000;
const OWN_INTERVAL_MS = 60_000;
const RETRY_MS = 30_000;
/** A store that is damaged again and again is made anew ever more seldom. */
const ASIDE_REST_MS = 30_000;
const ASIDE_REST_MS_MAX = 3_600_000;
/** Without any change the time is noted so often: ages are at least right up to then. */
const HEARTBEAT_MS = 600_000;

/** Whose table it is. */
export interface TableScope {
  readonly self: NodeId;
  readonly cluster: string;
  /** Fingerprints of the keys that this node has now; empty in a cluster of certificates. */
  readonly keys: () => readonly string[];
}

/** What earlier lives kept. */
export interface KeptTable {
  readonly own: readonly KeptEntry[];
  readonly others: readonly KeptOwner[];
  /** The sum of what an earlier release kept and this one took over, if it did. */
  readonly tookOver: string | undefined;
}

/** What an earlier release kept in its own place. */
export interface TakeOver {
  readonly sum: string;
  /** Once it is in the store, and known there as taken over: removes its old place. Never rejects. */
  readonly remove: () => Promise<void>;
}

export interface TableKeeperOptions {
  readonly place: TablePlace;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Which run of the machine this is; null: unknown. */
  readonly machineBoot: string | null;
  /** A condition began, or (`undefined`) ended. */
  readonly notify: (code: StorageNoticeCode, notice: StorageNotice | undefined) => void;
}

/**
 * Keeps what this node knows over its lives: others' records and lines, and those of its own that it is asked to keep. It looks at what
 * changed in the table and writes that together, seldom, so that a card lives long; where the medium refuses, the node goes on in memory, and
 * what is there is written once it takes it.
 */
export class TableKeeper {
  readonly #options: TableKeeperOptions;
  readonly #ownKeys = new Set<string>();
  readonly #task: PacedTask<StoreError>;
  #scope: TableScope | undefined;
  #keep: KeepFace | undefined;
  #store: TableStore | undefined;
  #mirror = new TableMirror([]);
  #times: StoreTimes;
  #revision = 0;
  #writtenMs = Number.NEGATIVE_INFINITY;
  readonly #budget: WriteBudget;
  #othersDueMs = Number.NEGATIVE_INFINITY;
  #asides = 0;
  /** Until then nothing is made anew, for this reason. */
  #rest: { readonly untilMs: number; readonly failure: StoreError } | undefined;
  /** Rows that are there and don't count: removed by the next commit. */
  #doomed: readonly number[] = [];
  /** Somebody waits for all of it. */
  #isAllWanted = false;
  #opened = false;
  #isClosed = false;
  #tookOver: string | undefined;
  #takesOver: TakeOver | undefined;

  constructor(options: TableKeeperOptions) {
    const { clock, scheduler, machineBoot } = options;
    this.#options = options;
    this.#times = new StoreTimes(undefined, { machineBoot, bootMs: clock.nowMs() });
    this.#budget = new WriteBudget(clock.nowMs());
    this.#task = new PacedTask({
      clock,
      scheduler,
      run: () => this.#write(),
      retryMs: RETRY_MS,
      everyMs: OTHERS_MS,
    });
  }

  /** What earlier lives kept for this scope; what is damaged or of another cluster is left out. Once, before `start`. */
  async load(scope: TableScope): Promise<KeptTable> {
    this.#scope = scope;
    try {
      const { about, own, others } = await this.#open();
      return { own, others: isOfScope(about, scope) ? others : [], tookOver: about?.tookOver };
    } catch (error) {
      await this.#failed(error);
      return { own: [], others: [], tookOver: undefined };
    }
  }

  /** Writes from now on. @param takesOver what of an earlier release is in the table by now. */
  start(keep: KeepFace, takesOver?: TakeOver): void {
    this.#keep = keep;
    this.#takesOver = takesOver;
    this.#tookOver = takesOver?.sum ?? this.#tookOver;
    this.#task.start();
    if (takesOver !== undefined) this.#task.soon(OWN_DELAY_MS);
  }

  /** A record of this node's own was put that is to outlive it. */
  keepOwn(key: string): void {
    this.#ownKeys.add(key);
    this.#ownChanged();
  }

  /** A record of this node's own isn't to outlive it any more. */
  dropOwn(key: string): void {
    if (!this.#ownKeys.delete(key)) return;
    // At once: what comes back with a power cut is put again for everybody.
    this.#task.soon(Math.max(0, this.#writtenMs + OWN_DELAY_MS - this.#options.clock.nowMs()));
  }

  /** Resolves when all that this node knows at this moment is on the medium. Rejects like `persistOwn`. */
  persist(): Promise<void> {
    this.#isAllWanted = true;
    return this.persistOwn();
  }

  /**
   * Resolves when all of this node's own that is to outlive it is on the medium.
   * @throws GridvineError (rejects) `E_NOT_DURABLE` where the medium refuses it: it counts all the same, and is written once that takes it.
   */
  async persistOwn(): Promise<void> {
    if (this.#isClosed)
      throw new GridvineError('E_CLOSED', 'this node has left: nothing is written any more');
    const failure = await this.#task.now();
    if (failure !== undefined)
      throw new GridvineError(
        'E_NOT_DURABLE',
        `the data directory takes nothing (${failure.reason}): what was put is in memory and spreads, but a restart would lose it. Free some space or make the directory writable`,
        { cause: failure },
      );
  }

  /** Writes what isn't written yet, and writes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isAllWanted = true;
    this.#rest = undefined;
    await this.#task.close();
    await this.#store?.settle().catch(() => undefined);
    if (this.#store !== undefined) closeQuietly(this.#store);
    this.#store = undefined;
  }

  #ownChanged(): void {
    const restMs = this.#writtenMs + OWN_INTERVAL_MS - this.#options.clock.nowMs();
    this.#task.soon(Math.max(OWN_DELAY_MS, restMs));
  }

  async #write(): Promise<StoreError | undefined> {
    if (this.#rest !== undefined && this.#options.clock.nowMs() < this.#rest.untilMs)
      return this.#rest.failure;
    try {
      await this.#writeOnce();
      this.#options.notify('state-unsaved', undefined);
      this.#rest = undefined;
      return undefined;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #writeOnce(): Promise<void> {
    const [keep, scope] = [this.#keep, this.#scope];
    if (keep === undefined || scope === undefined) return;
    if (this.#store === undefined) await this.#open();
    const store = this.#store as TableStore;
    const startedMs = this.#options.clock.nowMs();
    const mayOthers = this.#budget.isOpen(startedMs) && startedMs >= this.#othersDueMs;
    const isAll = this.#isAllWanted || mayOthers;
    this.#isAllWanted = false;
    const changes = keep.changedSince(this.#revision);
    // Own ones first: with them goes that they were taken over.
    const isOwn = ({ owner }: KeptOwner) => owner === scope.self;
    const own = changes.changed.filter(isOwn);
    const changed = isAll ? [...own, ...changes.changed.filter((kept) => !isOwn(kept))] : own;
    const holds = (owner: NodeId) => keep.holds(owner);
    for (let done = 0; ; ) {
      const wanted = { changed: changed.slice(done), holds, self: scope.self, ownKeys: this.#ownKeys };
      const difference = this.#mirror.difference(wanted, this.#times);
      const bytes = this.#commit(store, difference, scope);
      if (isAll) this.#budget.spend(bytes);
      done += difference.owners;
      if (done >= changed.length) break;
      // Sockets and timers are served in between.
      await new Promise<void>((resolve) => this.#options.scheduler.soon(resolve));
    }
    if (isAll) {
      this.#revision = changes.revision;
      this.#othersDueMs = startedMs + OTHERS_MS;
    }
    await this.#sync(store);
    const taken = this.#takesOver;
    this.#takesOver = undefined;
    await taken?.remove();
  }

  /** @returns what it cost, in bytes. */
  #commit(store: TableStore, found: Difference, { cluster, keys }: TableScope): number {
    const doomed = this.#doomed;
    const difference = doomed.length === 0 ? found : { put: found.put, remove: [...doomed, ...found.remove] };
    const nowMs = this.#options.clock.nowMs();
    const isSame =
      difference.put.length === 0 && difference.remove.length === 0 && this.#takesOver === undefined;
    if (isSame && nowMs - this.#writtenMs < HEARTBEAT_MS) return 0;
    const { put, remove } = difference;
    const tookOver = this.#tookOver === undefined ? {} : { tookOver: this.#tookOver };
    const bytes = store.commit({
      put,
      remove,
      about: { cluster, keys: keys(), ...this.#times.at(nowMs), ...tookOver },
    });
    this.#mirror.apply(found);
    this.#doomed = [];
    this.#writtenMs = nowMs;
    return bytes;
  }

  /** After a failure nobody knows which of the pages are on the medium: opening it anew brings them all home. */
  async #sync(store: TableStore): Promise<void> {
    try {
      await store.sync();
    } catch (error) {
      this.#store = undefined;
      closeQuietly(store);
      throw error;
    }
  }

  /** Opens the store and learns what it holds. */
  async #open(): Promise<StoredTable & Pick<StoreContent, 'about'>> {
    const { place, clock, machineBoot, notify } = this.#options;
    const store = await place.open();
    let content: StoreContent;
    try {
      content = store.load();
    } catch (error) {
      // Nothing may be written to what couldn't be read: it would go over rows that are there.
      closeQuietly(store);
      throw error;
    }
    this.#store = store;
    this.#times = new StoreTimes(content.about, { machineBoot, bootMs: clock.nowMs() }, content.rows);
    const table = tableOfRows(content.rows, this.#times);
    const doomed = new Set(table.damagedIds);
    this.#mirror = new TableMirror(content.rows.filter(({ id }) => !doomed.has(id)));
    this.#doomed = table.damagedIds;
    const parts = content.damagedRows + table.damagedOwners;
    if (parts > 0) {
      notify('state-damaged', mended(parts));
      this.#othersDueMs = Number.NEGATIVE_INFINITY;
      this.#task.soon(OWN_DELAY_MS);
    }
    this.#revision = 0;
    // Later the node knows better what it is to keep.
    if (!this.#opened)
      for (const { owner, key } of content.rows) if (owner === null && key !== null) this.#ownKeys.add(key);
    if (!this.#opened) this.#tookOver ??= content.about?.tookOver;
    this.#opened = true;
    return { ...table, about: content.about };
  }

  async #failed(error: unknown): Promise<StoreError> {
    if (!(error instanceof StoreError)) throw error;
    if (error.kind === 'damaged') await this.#setAside(error);
    else this.#options.notify('state-unsaved', unsaved(error.reason));
    return error;
  }

  /** What is there can't be believed: the next write makes another, of all that is in memory. */
  async #setAside(failure: StoreError): Promise<void> {
    const { place, notify, clock } = this.#options;
    // That it can't be brought home is why it goes.
    if (this.#store !== undefined) closeQuietly(this.#store);
    this.#store = undefined;
    this.#mirror = new TableMirror([]);
    this.#revision = 0;
    this.#othersDueMs = Number.NEGATIVE_INFINITY;
    this.#doomed = [];
    if (this.#asides++ === 0) this.#task.soon(OWN_DELAY_MS);
    else {
      const restMs = Math.min(ASIDE_REST_MS_MAX, ASIDE_REST_MS * 4 ** (this.#asides - 2));
      this.#rest = { untilMs: clock.nowMs() + restMs, failure };
      notify('state-unsaved', unsaved(failure.reason));
    }
    try {
      notify('state-damaged', damaged(failure.reason, await place.setAside()));
    } catch (error) {
      notify('state-unsaved', unsaved(fileErrorCode(error)));
    }
  }
}

/** What it can't bring home stays in its log. */
function closeQuietly(store: TableStore): void {
  try {
    store.close();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

/** A board that was given to another cluster must not bring it what the last one said. */
function isOfScope(about: StoreAbout | undefined, { cluster, keys }: TableScope): boolean {
  if (about === undefined || about.cluster !== cluster) return false;
  const present = keys();
  return present.length === 0 ? about.keys.length === 0 : about.keys.some((key) => present.includes(key));
}

function damaged(what: string, aside: string): StorageNotice {
  return {
    code: 'state-damaged',
    severity: 'warning',
    title: 'kept state damaged',
    text: `What this node kept was damaged (${what}) and was set aside as ${aside}. What others said comes back from them; own records that were kept only there are lost: look at gridvine get --node of this node. If it happens again, check the storage medium.`,
  };
}

function mended(parts: number): StorageNotice {
  return {
    code: 'state-damaged',
    severity: 'warning',
    title: 'kept state damaged',
    text: `Of what this node kept ${parts} ${parts === 1 ? 'part was' : 'parts were'} damaged and left out; the rest was taken. What others said comes back from them; own records among it are lost: look at gridvine get --node of this node. If it happens again, check the storage medium.`,
  };
}

function unsaved(reason: string): StorageNotice {
  return {
    code: 'state-unsaved',
    severity: 'warning',
    title: 'state is not saved',
    text: `The data directory can't be read or written (${reason}): the node goes on in memory, and a restart would lose what it holds. Free some space or make the directory writable; it tries again by itself.`,
  };
}
