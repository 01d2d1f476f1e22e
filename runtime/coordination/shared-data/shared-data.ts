import { GridvineError } from '../../core/errors.ts';
import type { NodeId } from '../../core/ids.ts';
import { BOOT_MAX, bootOf, makeVersion } from '../../core/version.ts';
import {
  CRDT_PREFIX,
  crdtKeyOf,
  isCrdtKey,
  type OpaqueState,
  parseCrdtKey,
  problemOfCrdtName,
} from '../../data/crdt/crdt-key.ts';
import type { CrdtOperation } from '../../data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '../../data/crdt/type-names.ts';
import { bytesOf, joinAll, orderKey, sameState } from '../../data/crdt/value-order.ts';
import type {
  CrdtChange,
  CrdtView,
  RecordEvent,
  SharedDataCounters,
  SharedDataFace,
  SharedDataPort,
} from './contract.ts';
import { SharedName } from './shared-name.ts';
import { upkeepOf } from './upkeep.ts';

/** How often `tend` should be called. */
export const TEND_INTERVAL_MS = 5_000;
/** Names that a node keeps an eye on; further ones are ignored and counted. */
export const SHARED_NAMES_MAX = 2_000;
/** What is remembered of one name beyond what slots hold may take as much room as that, and this. */
const SEEN_BYTES_SPARE = 65_536;
/** What no live slot holds is adopted after this time, by one member after the other. */
const ADOPT_AFTER_MS = 10_000;
const ADOPT_STEP_MS = 10_000;
/** As long as tombstones of records [P-9.2]. */
const TOMBSTONE_MS = 3_600_000;

/**
 * Shared data of one node: a view over everybody's slots, which are records, and the keeper of this node's own. Has no clock,
 * timer or randomness of its own: tell it of each record event (`onRecord`) and of time (`tend`).
 */
export class SharedData implements SharedDataFace {
  readonly counters: SharedDataCounters = { malformed: 0, full: 0, adopted: 0, refused: 0 };
  readonly #port: SharedDataPort;
  readonly #names = new Map<string, SharedName>();
  readonly #listeners = new Set<(change: CrdtChange) => void>();
  readonly #soon: (callback: () => void) => void;
  /** Names whose turn comes, of this round. */
  #waiting: SharedName[] = [];
  #life: number;

  /** @param options.soon runs a callback outside of the engine; changes are told by it. */
  constructor(port: SharedDataPort, options: { readonly soon: (callback: () => void) => void }) {
    this.#port = port;
    this.#soon = options.soon;
    this.#life = makeVersion(port.boot, port.random.uint32());
    for (const record of port.records(CRDT_PREFIX)) this.onRecord({ type: 'record', change: 'put', record });
  }

  /** A record changed. May be called within the engine's drain: changes nothing but this view. */
  onRecord({ change, record }: RecordEvent): void {
    if (!isCrdtKey(record.key)) return;
    const known = this.#names.get(record.key);
    if (change !== 'put') {
      if (known === undefined) return;
      if (change === 'delete') this.#onWithdrawn(known, record.owner);
      else known.lose(record.owner);
      return;
    }
    const shared = known ?? this.#open(record.key);
    if (shared === undefined) return;
    this.#telling(shared, () => {
      if (!shared.take(record.owner, record.value)) this.counters.malformed++;
      else if (record.owner === this.#port.id) shared.own = decoded(shared, record.value);
    });
  }

  apply(type: CrdtTypeName, name: string, operation: CrdtOperation): CrdtView {
    this.#checkName(type, name);
    const key = crdtKeyOf({ type, name });
    const shared = this.#names.get(key) ?? new SharedName({ type, name });
    const author = { id: this.#port.id, life: this.#lifeFor(shared) };
    const change = naming(shared.name, () =>
      shared.lattice.change(shared.seen, operation, author, this.#port.wallMs()),
    );
    const own = shared.lattice.join(shared.own, change);
    if (!sameState(shared.lattice, own, shared.own)) {
      this.#put(shared, own);
      this.#names.set(key, shared);
      this.#telling(shared, () => shared.add(change));
    }
    return shared.view();
  }

  get(name: string, type?: CrdtTypeName): CrdtView | undefined {
    const found = this.#named(name).filter((shared) => type === undefined || shared.type === type);
    if (found.length > 1)
      throw new GridvineError(
        'E_CRDT_TYPE',
        `${name}: expected one type; it is ${found.map((shared) => shared.type).join(' and ')} at once, made by nodes that didn't know of each other. Name the type that you mean.`,
      );
    return found[0]?.view();
  }

  list(): CrdtView[] {
    const known = [...this.#names.values()].filter((shared) => shared.known);
    return known
      .map((shared) => shared.view())
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.type < b.type ? -1 : 1));
  }

  onChange(listener: (change: CrdtChange) => void): () => void {
    const own = (change: CrdtChange) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /**
   * Looks after this node's own slots where something changed, or is waited for. Call it every `TEND_INTERVAL_MS`.
   * @param namesMax how many names at once: some milliseconds each on a large cluster. @returns whether more of them wait for the next call.
   */
  tend(namesMax = Number.POSITIVE_INFINITY): boolean {
    if (this.#waiting.length === 0) this.#waiting = [...this.#names.values()].filter(({ dirty }) => dirty);
    for (const shared of this.#waiting.splice(0, Math.min(namesMax, this.#waiting.length))) {
      this.#tendOne(shared);
      if (!shared.dirty && !shared.known) this.#names.delete(shared.key);
    }
    return this.#waiting.length > 0;
  }

  #tendOne(shared: SharedName): void {
    const { lattice } = shared;
    const nowMs = this.#port.nowMs();
    const slots = shared.slotsOf(this.#port.records(shared.key));
    const live = joinAll(lattice, slots.values());
    if (shared.seenBytes > 2 * bytesOf(lattice, live) + SEEN_BYTES_SPARE)
      this.#telling(shared, () => shared.restart(live));
    const { own, orphans } = upkeepOf({
      self: this.#port.id,
      type: lattice,
      live,
      slots,
      seen: shared.seen,
      oldTombstones: this.#oldTombstones(shared, nowMs),
    });
    const orphanedSinceMs = orphans.length === 0 ? undefined : (shared.orphanedSinceMs ?? nowMs);
    shared.settle({ orphanedSinceMs, dirty: orphans.length > 0 || shared.tombstones.size > 0 });
    if (!this.#tryPut(shared, own)) return;
    if (orphanedSinceMs === undefined || nowMs - orphanedSinceMs < this.#patienceMs()) return;
    for (const orphan of orphans)
      if (this.#tryPut(shared, lattice.join(shared.own, orphan))) this.counters.adopted++;
  }

  /** The member with the lowest id adopts first; the others wait for it. */
  #patienceMs(): number {
    const live = this.#port.members().filter(({ state }) => state === 'alive' || state === 'suspect');
    const before = live.filter(({ id }) => id < this.#port.id).length;
    return ADOPT_AFTER_MS + before * ADOPT_STEP_MS;
  }

  #oldTombstones(shared: SharedName, nowMs: number): Set<string> {
    const names = new Set(shared.lattice.tombstones?.(shared.own, this.#port.id) ?? []);
    for (const name of shared.tombstones.keys()) if (!names.has(name)) shared.tombstones.delete(name);
    const old = new Set<string>();
    for (const name of names) {
      const sinceMs = shared.tombstones.get(name) ?? nowMs;
      shared.tombstones.set(name, sinceMs);
      if (nowMs - sinceMs >= TOMBSTONE_MS) old.add(name);
    }
    return old;
  }

  /** Upkeep that is refused is tried again, and harms nothing meanwhile: what was seen counts. */
  #tryPut(shared: SharedName, own: OpaqueState): boolean {
    if (sameState(shared.lattice, own, shared.own)) return true;
    try {
      this.#put(shared, own);
      this.#telling(shared, () => shared.add(own));
      return true;
    } catch (error) {
      if (!(error instanceof GridvineError)) throw error;
      this.counters.refused++;
      shared.dirty = true;
      return false;
    }
  }

  /** @throws GridvineError */
  #put(shared: SharedName, own: OpaqueState): void {
    try {
      this.#port.put(shared.key, shared.lattice.encode(own));
    } catch (error) {
      throw error instanceof GridvineError && error.code === 'E_VALUE_TOO_LARGE'
        ? tooLarge(shared, error)
        : error;
    }
    shared.own = own;
    shared.hold(this.#port.id);
  }

  /** Its owner deleted the slot: what only it held is gone. */
  #onWithdrawn(shared: SharedName, owner: NodeId): void {
    shared.lose(owner);
    if (owner === this.#port.id) shared.own = shared.lattice.empty;
    const slots = shared.slotsOf(this.#port.records(shared.key));
    this.#telling(shared, () => shared.restart(joinAll(shared.lattice, slots.values())));
  }

  #open(key: string): SharedName | undefined {
    const parsed = parseCrdtKey(key);
    if (parsed === undefined || problemOfCrdtName(parsed.name) !== undefined) {
      this.counters.malformed++;
      return undefined;
    }
    if (this.#names.size >= SHARED_NAMES_MAX) {
      this.counters.full++;
      return undefined;
    }
    const shared = new SharedName(parsed);
    this.#names.set(key, shared);
    return shared;
  }

  /** A life that no slot tells of yet, above all that do: what is written in it is news to everybody. */
  #lifeFor(shared: SharedName): number {
    const latest = shared.lattice.latestLife?.(shared.seen, this.#port.id) ?? 0;
    if (latest <= this.#life) return this.#life;
    const boot = Math.max(this.#port.boot, bootOf(latest) + 1);
    if (boot > BOOT_MAX)
      throw new GridvineError(
        'E_CRDT_LIMIT',
        `${shared.name}: somebody claims that this node wrote in its last possible life, which it didn't. Use another name.`,
      );
    this.#life = makeVersion(boot, this.#port.random.uint32());
    return this.#life;
  }

  #named(name: string): SharedName[] {
    return [...this.#names.values()].filter((shared) => shared.name === name && shared.counts);
  }

  #checkName(type: CrdtTypeName, name: string): void {
    const problem = problemOfCrdtName(name);
    if (problem !== undefined)
      throw new GridvineError('E_KEY_INVALID', `${JSON.stringify(name)}: ${problem}`);
    const types = this.#named(name).map((shared) => shared.type);
    if (types.length > 0 && !types.includes(type))
      throw new GridvineError(
        'E_CRDT_TYPE',
        `${name}: expected an operation of its type ${types.join(' or ')}; got one of ${type}. Use another name.`,
      );
    if (types.length === 0 && this.#names.size >= SHARED_NAMES_MAX)
      throw new GridvineError(
        'E_CRDT_LIMIT',
        `${name}: expected at most ${SHARED_NAMES_MAX} names of shared data; this would be one more. Use one map instead of many registers.`,
      );
  }

  /** Tells listeners where what people see is another afterwards. */
  #telling(shared: SharedName, change: () => void): void {
    if (this.#listeners.size === 0) {
      change();
      return;
    }
    const before = shared.counts ? shared.value : null;
    change();
    const { name, type, value } = shared;
    if (orderKey(before) === orderKey(value)) return;
    for (const listener of [...this.#listeners])
      this.#soon(() => {
        if (this.#listeners.has(listener)) listener({ name, type, before, value });
      });
  }
}

function decoded(shared: SharedName, value: Parameters<SharedName['lattice']['decode']>[0]): OpaqueState {
  const state = shared.lattice.decode(value);
  return typeof state === 'string' ? shared.lattice.empty : state;
}

/** Says in an error of what it speaks. */
function naming<T>(name: string, change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof GridvineError)) throw error;
    throw new GridvineError(error.code, `${name}: ${error.message}`);
  }
}

function tooLarge({ type, name }: SharedName, error: GridvineError): GridvineError {
  const { message } = error;
  const sizes = /expected at most (\d+) bytes with its key; got (\d+)/.exec(message);
  const text =
    sizes === null ? message : `expected at most ${sizes[1]} bytes with its key; it would take ${sizes[2]}`;
  return new GridvineError(
    'E_CRDT_LIMIT',
    `${name}: what this node itself contributes to one ${type} is one record: ${text}. Spread it over several names, or use plain records.`,
  );
}
