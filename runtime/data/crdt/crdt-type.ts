import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';

/** Who writes: a node in one of its lives [P-16.4]. */
export interface Author {
  readonly id: NodeId;
  /** Boot and random bits of this process: never used by another life, whatever became of the disk. */
  readonly life: number;
}

/** What a caller asks of shared data. Which fields belong to which type: [P-16.6]. */
export interface CrdtOperation {
  readonly op: 'increment' | 'set' | 'add' | 'remove';
  /** Of a counter: a whole number. */
  readonly by?: number;
  /** Of a map. */
  readonly key?: string;
  readonly value?: AppValue;
}

/** A part of a state that is kept or dropped as one. One state covers a piece if its own piece of that id does. */
export interface Piece<State> {
  readonly id: string;
  /** Whose doing it tells of; null: of nobody in particular. */
  readonly about: NodeId | null;
  readonly state: State;
}

/** Who wrote what is seen, for people. */
export interface Written {
  /** Of a map; null for a register. */
  readonly key: string | null;
  readonly by: NodeId;
  /** By the writer's own clock, in milliseconds since 1970; 0: it had none. Decides nothing. */
  readonly wallMs: number;
}

/**
 * One type of shared data: a lattice. States are values, never changed in place. `join` is commutative, associative and
 * idempotent; `change` gives a state that, joined to what was there, is the change: so a state only grows.
 */
export interface CrdtType<State> {
  readonly empty: State;
  /** The state in a slot, or what is wrong with it. Never throws: slots come from others. */
  decode(slot: AppValue): State | string;
  /** A slot that holds the state: equal states give equal bytes. */
  encode(state: State): AppValue;
  join(a: State, b: State): State;
  /** What people see. */
  value(state: State): AppValue;
  /** Joined they are the state again. */
  pieces(state: State): readonly Piece<State>[];
  /**
   * What joining does the operation to `total`, which is all that is known. @throws GridvineError `E_VALUE_INVALID`, `E_CRDT_LIMIT`;
   * nothing has changed then.
   */
  change(total: State, operation: CrdtOperation, by: Author, wallMs: number): State;
  /** The same contribution in less room, by its owner alone; absent: nothing to gain. */
  compact?(own: State, self: NodeId): State;
  /** The highest life of a node that the state tells of; absent: lives don't matter. */
  latestLife?(state: State, node: NodeId): number;
  /** Names of tombstones that the node itself set, by which it may drop them later. */
  tombstones?(own: State, self: NodeId): readonly string[];
  /** What joining drops these tombstones, and with them what they outdo in all that is known. */
  withoutTombstones?(total: State, self: NodeId, names: ReadonlySet<string>): State;
  written?(state: State): readonly Written[];
}
