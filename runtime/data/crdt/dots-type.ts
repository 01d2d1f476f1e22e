import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { CrdtOperation, CrdtType } from './crdt-type.ts';
import {
  type ContentCodec,
  type Dot,
  type Dots,
  joinDots,
  latestLifeOf,
  piecesOfDots,
  raiseFloor,
  removeDots,
  standing,
  writeDots,
} from './dots.ts';
import { decodeDots, encodeDots } from './dots-slot.ts';

/** What an operation does to the writes that stand: writes one (or none), removes some. */
export interface DotChange<Content> {
  readonly write?: Content;
  readonly remove: Iterable<Dot>;
}

/** What tells the types of this kind apart. */
export interface DotsKind<Content> {
  readonly codec: ContentCodec<Content>;
  value(dots: Dots<Content>): AppValue;
  /** @throws GridvineError `E_VALUE_INVALID`, `E_CRDT_LIMIT`. */
  plan(dots: Dots<Content>, operation: CrdtOperation, wallMs: number): DotChange<Content>;
}

/** A type whose state is a set of writes that stand, and what is known of those that don't. */
export function dotsType<Content>({ codec, value, plan }: DotsKind<Content>): CrdtType<Dots<Content>> {
  return {
    empty: new Map(),
    decode: (slot) => decodeDots(slot, codec),
    encode: (dots) => encodeDots(dots, codec),
    join: (a, b) => joinDots(a, b, codec),
    value,
    pieces: piecesOfDots,
    change(total, operation, by, wallMs) {
      const { write, remove } = plan(total, operation, wallMs);
      return write === undefined ? removeDots(remove) : writeDots(total, by, write, remove);
    },
    compact: (own, self) => raiseFloor(own, self, codec),
    latestLife: latestLifeOf,
  };
}

/** The writes that stand and whose content fits. */
export function dotsWhere<Content>(dots: Dots<Content>, fits: (content: Content) => boolean): Dot[] {
  return Array.from(standing(dots)).flatMap(([dot, content]) => (fits(content) ? [dot] : []));
}

/** Of one author's writes, those whose content fits, by a name that is theirs alone. */
export function namedDots<Content>(
  dots: Dots<Content>,
  id: NodeId,
  fits: (content: Content) => boolean,
): Map<string, Dot> {
  const own = dots.get(id);
  const found = own === undefined ? [] : dotsWhere(new Map([[id, own]]), fits);
  return new Map(found.map((dot) => [`${dot.life}/${dot.seq}`, dot]));
}
