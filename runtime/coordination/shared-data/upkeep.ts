import type { NodeId } from '../../core/ids.ts';
import type { CrdtType } from '../../data/crdt/crdt-type.ts';
import { coversPiece, joinAll, piecesById } from '../../data/crdt/value-order.ts';

/** What a node knows of one name when it looks after its own slot. */
export interface UpkeepInput<State> {
  readonly self: NodeId;
  readonly type: CrdtType<State>;
  /** The join of all slots. */
  readonly live: State;
  /** Slots of all owners that hold one, this node's among them. */
  readonly slots: ReadonlyMap<NodeId, State>;
  /** All that was ever seen. */
  readonly seen: State;
  /** Own tombstones that stood long enough. */
  readonly oldTombstones: ReadonlySet<string>;
}

export interface Upkeep<State> {
  /** What this node's own slot should hold, without what it adopts. */
  readonly own: State;
  /** What no live slot holds any more: somebody has to adopt it. */
  readonly orphans: readonly State[];
}

/**
 * How a node looks after its own slot [P-16.7]: takes back what is about itself, lets go what the others hold themselves, and folds
 * what it doesn't need apart.
 */
export function upkeepOf<State>({
  self,
  type,
  live,
  slots,
  seen,
  oldTombstones,
}: UpkeepInput<State>): Upkeep<State> {
  const before = slots.get(self) ?? type.empty;
  const total = type.join(live, seen);
  // What others know of this node's own doing: removals of its writes, and what it lost with its disk.
  const aboutSelf = type.pieces(total).filter(({ about }) => about === self);
  let own = joinAll(type, [before, ...aboutSelf.map(({ state }) => state)]);
  if (type.withoutTombstones !== undefined && oldTombstones.size > 0)
    own = type.join(own, type.withoutTombstones(total, self, oldTombstones));
  own = joinAll(type, keptPieces(own, self, type, slots));
  own = type.compact?.(own, self) ?? own;
  const held = piecesById(type, type.join(live, own));
  const orphans = type
    .pieces(seen)
    .filter((piece) => piece.about !== self && !coversPiece(type, held, piece))
    .map(({ state }) => state);
  return { own, orphans };
}

/** Without what its author holds itself, and of what several have adopted, what is in the slot of a lower id. */
function keptPieces<State>(
  own: State,
  self: NodeId,
  type: CrdtType<State>,
  slots: ReadonlyMap<NodeId, State>,
): State[] {
  const pieces = type.pieces(own);
  const foreign = pieces.some(({ about }) => about !== null && about !== self);
  if (!foreign) return [own];
  const others = Array.from(slots, ([owner, slot]) => ({ owner, held: piecesById(type, slot) }));
  const kept = pieces.filter((piece) => {
    if (piece.about === null || piece.about === self) return true;
    return !others.some(
      ({ owner, held }) => (owner === piece.about || owner < self) && coversPiece(type, held, piece),
    );
  });
  return kept.map(({ state }) => state);
}
