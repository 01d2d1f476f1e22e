import { GridvineError } from '../../core/errors.ts';
import type { CrdtType } from './crdt-type.ts';
import { requireOp } from './value-order.ts';

/** null: nothing was set yet. */
export type ExtremumState = number | null;

/** The highest number that anybody set. */
export const max: CrdtType<ExtremumState> = extremum(Math.max);

/** The lowest number that anybody set. */
export const min: CrdtType<ExtremumState> = extremum(Math.min);

function extremum(best: (a: number, b: number) => number): CrdtType<ExtremumState> {
  return {
    empty: null,
    decode: (slot) => (isNumber(slot) ? slot + 0 : 'expected a number'),
    encode: (state) => state,
    join: (a, b) => (a === null ? b : b === null ? a : best(a, b)),
    value: (state) => state,
    pieces: (state) => (state === null ? [] : [{ id: '', about: null, state }]),
    change(_total, { op, value }) {
      requireOp(op, 'set');
      if (!isNumber(value))
        throw new GridvineError(
          'E_VALUE_INVALID',
          `value: expected a number; got ${value === undefined ? 'nothing' : typeof value}`,
        );
      // -0 and 0 are the same number: one of them stands for both.
      return value + 0;
    },
  };
}

/** Integers beyond 2^53 would compare differently once rounded. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
