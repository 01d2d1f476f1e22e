import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { RecordView } from '../../core/views.ts';
import { type CrdtKey, crdtKeyOf, crdtType, type OpaqueState } from '../../data/crdt/crdt-key.ts';
import type { CrdtType, Written } from '../../data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '../../data/crdt/type-names.ts';
import { bytesOf } from '../../data/crdt/value-order.ts';
import type { CrdtView } from './contract.ts';

/** One name of shared data: all that was seen of it, and whose slots hold it. */
export class SharedName {
  readonly key: string;
  readonly type: CrdtTypeName;
  readonly name: string;
  readonly lattice: CrdtType<OpaqueState>;
  /** This node's own slot. */
  own: OpaqueState;
  /** Whether its upkeep has to be looked into. */
  dirty = true;
  /** When what no live slot holds was first noticed. */
  orphanedSinceMs: number | undefined;
  /** Own tombstones by name, and since when this process knows of them. */
  readonly tombstones = new Map<string, number>();
  readonly #owners = new Set<NodeId>();
  /** A slot went, and nobody has looked into it yet. */
  #lost = false;
  readonly #ignored = new Map<NodeId, string>();
  #seen: OpaqueState;
  #shown: Shown | undefined;

  constructor({ type, name }: CrdtKey) {
    this.key = crdtKeyOf({ type, name });
    this.type = type;
    this.name = name;
    this.lattice = crdtType(type);
    this.own = this.lattice.empty;
    this.#seen = this.lattice.empty;
  }

  /** The join of all slots that ever came: what one of them no longer holds still counts [P-16.5]. */
  get seen(): OpaqueState {
    return this.#seen;
  }

  get value(): AppValue {
    return this.#show().value;
  }

  /** Whether somebody holds, or held, something that counts. */
  get counts(): boolean {
    return this.#owners.size > 0 || this.#lost || this.orphanedSinceMs !== undefined;
  }

  /** Whether there is a slot at all, even one that is ignored. */
  get known(): boolean {
    return this.counts || this.#ignored.size > 0;
  }

  get seenBytes(): number {
    return bytesOf(this.lattice, this.#seen);
  }

  /** A node has a slot of it. */
  hold(owner: NodeId): void {
    this.dirty = true;
    this.#owners.add(owner);
  }

  /** A slot came. @returns whether it is one. */
  take(owner: NodeId, slot: AppValue): boolean {
    this.dirty = true;
    const state = this.lattice.decode(slot);
    if (typeof state === 'string') {
      this.#owners.delete(owner);
      this.#ignored.set(owner, state);
      return false;
    }
    this.#ignored.delete(owner);
    this.hold(owner);
    this.add(state);
    return true;
  }

  /** More is known: of an operation here, or of a slot. */
  add(state: OpaqueState): void {
    this.#seen = this.lattice.join(this.#seen, state);
  }

  /** A slot went, and not by its owner's will: what it held counts on. */
  lose(owner: NodeId): void {
    this.dirty = true;
    this.#lost = true;
    this.#owners.delete(owner);
    this.#ignored.delete(owner);
  }

  /** Upkeep looked into it: since when something that counts is in no slot, or that nothing is. */
  settle({
    orphanedSinceMs,
    dirty,
  }: {
    readonly orphanedSinceMs: number | undefined;
    readonly dirty: boolean;
  }): void {
    this.orphanedSinceMs = orphanedSinceMs;
    this.dirty = dirty;
    this.#lost = false;
  }

  /** All is seen anew: what no slot holds is forgotten. */
  restart(live: OpaqueState): void {
    this.dirty = true;
    this.#seen = live;
    this.orphanedSinceMs = undefined;
    this.#lost = false;
  }

  /** The slots among records of this key, by owner. */
  slotsOf(records: readonly RecordView[]): Map<NodeId, OpaqueState> {
    const slots = new Map<NodeId, OpaqueState>();
    for (const { owner, value } of records) {
      const state = this.lattice.decode(value);
      if (typeof state !== 'string') slots.set(owner, state);
    }
    return slots;
  }

  view(): CrdtView {
    return {
      name: this.name,
      type: this.type,
      value: this.value,
      slots: [...this.#owners].sort(),
      ignored: Array.from(this.#ignored, ([id, problem]) => ({ id, problem })),
      orphaned: this.orphanedSinceMs !== undefined,
      written: this.#show().written,
    };
  }

  /** Made once for each state: many read what seldom changes. */
  #show(): Shown {
    const { lattice } = this;
    const of = this.#seen;
    if (this.#shown?.of !== of)
      this.#shown = { of, value: lattice.value(of), written: lattice.written?.(of) ?? [] };
    return this.#shown;
  }
}

/** What people see of a state. */
interface Shown {
  readonly of: OpaqueState;
  readonly value: AppValue;
  readonly written: readonly Written[];
}
