import type { NodeId } from '../../core/ids.ts';
import type { EngineEvent } from '../../core/outputs.ts';
import type { RandomSource } from '../../core/random.ts';
import type { AppValue } from '../../core/value.ts';
import type { MemberView, RecordView } from '../../core/views.ts';
import type { CrdtOperation, Written } from '../../data/crdt/crdt-type.ts';
import type { CrdtTypeName } from '../../data/crdt/type-names.ts';

/** What shared data needs of the node that it is a view of. */
export interface SharedDataPort {
  readonly id: NodeId;
  readonly boot: number;
  readonly random: RandomSource;
  /** Boot-time milliseconds, never going back. */
  nowMs(): number;
  /** Milliseconds since 1970 for people, or 0 where the clock isn't trusted. */
  wallMs(): number;
  members(): readonly MemberView[];
  /** Live records whose key is this, or begins with it where it ends with `/`. */
  records(key: string): readonly RecordView[];
  /** Puts one of this node's own records. @throws GridvineError as `GossipEngine.put`. */
  put(key: string, value: AppValue): void;
}

/** Shared data as one node sees it. */
export interface CrdtView {
  readonly name: string;
  readonly type: CrdtTypeName;
  /** A counter's sum, a register's value (null: none), a list of elements, or a map. */
  readonly value: AppValue;
  /** Nodes whose slots count, ascending. */
  readonly slots: readonly NodeId[];
  /** Slots that don't, and why. */
  readonly ignored: readonly { readonly id: NodeId; readonly problem: string }[];
  /** Whether something counts that is in no live node's slot any more and not yet in another's. */
  readonly orphaned: boolean;
  /** Of the types `lww` and `lwwmap`: who wrote what is seen. */
  readonly written: readonly Written[];
}

export interface CrdtChange {
  readonly name: string;
  readonly type: CrdtTypeName;
  /** null: it wasn't known. */
  readonly before: AppValue;
  readonly value: AppValue;
}

/** What shared data counts. */
export interface SharedDataCounters {
  /** Slots that were no slots of their type, each time that one came. */
  malformed: number;
  /** Names beyond the limit, each time that one came. */
  full: number;
  /** Contributions of others that this node took into its own slot. */
  adopted: number;
  /** Upkeep of this node's own slots that was refused: for its size, or the node's quota. */
  refused: number;
}

/** Counters, registers, sets and maps that all nodes write at the same time and that come out the same on all [P-16]. */
export interface SharedDataFace {
  readonly counters: Readonly<SharedDataCounters>;
  /**
   * Changes shared data, making it where it isn't known.
   * @returns what this node sees now. @throws GridvineError `E_KEY_INVALID` for the name, `E_VALUE_INVALID`, `E_CRDT_TYPE` where the name is that of
   * another type, `E_CRDT_LIMIT` where this node's part would be too large, `E_QUOTA`, `E_CLOSED`; nothing has changed then.
   */
  apply(type: CrdtTypeName, name: string, operation: CrdtOperation): CrdtView;
  /** @returns undefined: not known. @throws GridvineError `E_CRDT_TYPE` where several types have the name and none is given. */
  get(name: string, type?: CrdtTypeName): CrdtView | undefined;
  /** By name, then type. */
  list(): CrdtView[];
  /** Called outside of the engine when what is seen has changed, by whomever; @returns the unsubscriber. */
  onChange(listener: (change: CrdtChange) => void): () => void;
}

/** A change of a record, as the engine tells of it. */
export type RecordEvent = Extract<EngineEvent, { readonly type: 'record' }>;
