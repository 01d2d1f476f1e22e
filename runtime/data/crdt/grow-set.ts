import { GridvineError } from '../../core/errors.ts';
import type { AppValue } from '../../core/value.ts';
import type { CrdtType } from './crdt-type.ts';
import { listOf } from './slot-parts.ts';
import { compare, orderKey, problemOfDepth, requireValue } from './value-order.ts';

/** Elements by the order of their encoding. */
export type GrowSetState = ReadonlyMap<string, AppValue>;

/** A set that nothing is ever removed from. */
export const gset: CrdtType<GrowSetState> = {
  empty: new Map(),
  decode(slot) {
    const elements = listOf(slot);
    if (elements === undefined) return 'expected a list of elements';
    if (elements.some((element) => problemOfDepth(element) !== undefined)) return 'an element nests too deep';
    return new Map(elements.map((element) => [orderKey(element), element]));
  },
  encode: elementsOf,
  join: (a, b) => new Map([...a, ...b]),
  value: elementsOf,
  pieces: (state) => Array.from(state, (entry) => ({ id: entry[0], about: null, state: new Map([entry]) })),
  change(total, { op, value }) {
    if (op !== 'add')
      throw new GridvineError(
        'E_VALUE_INVALID',
        `op: expected add; got ${op}. Nothing is removed from a gset: an orset can.`,
      );
    const element = requireValue(value);
    const key = orderKey(element);
    return total.has(key) ? new Map() : new Map([[key, element]]);
  },
};

function elementsOf(state: GrowSetState): readonly AppValue[] {
  return [...state].sort(([a], [b]) => compare(a, b)).map(([, element]) => element);
}
