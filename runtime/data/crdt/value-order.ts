import { GridvineError } from '../../core/errors.ts';
import { toHex } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import { encodeValue } from '../../wire/cbor.ts';
import { problemOfValue } from '../../wire/value-check.ts';
import type { CrdtOperation, CrdtType, Piece } from './crdt-type.ts';

/** Arrays and maps around each other in what an application puts into shared data: a slot takes three of seven [P-16.3]. */
export const SHARED_DEPTH_MAX = 4;

/**
 * A text that is equal for equal values and sorts like their deterministic encoding, byte by byte [P-16.3].
 * @throws RangeError for what is no application value.
 */
export function orderKey(value: AppValue): string {
  return toHex(encodeValue(value));
}

/** Values in the order of their encoding, each once. */
export function sortedValues(values: Iterable<AppValue>): AppValue[] {
  const byKey = new Map<string, AppValue>();
  for (const value of values) byKey.set(orderKey(value), value);
  return [...byKey].sort(([a], [b]) => compare(a, b)).map(([, value]) => value);
}

/** By code units; for `sort`. */
export function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sameState<State>(type: CrdtType<State>, a: State, b: State): boolean {
  return a === b || orderKey(type.encode(a)) === orderKey(type.encode(b));
}

/** How long a slot of this state would be. */
export function bytesOf<State>(type: CrdtType<State>, state: State): number {
  return encodeValue(type.encode(state)).length;
}

/** Whether `b` tells all that `a` does. */
export function covers<State>(type: CrdtType<State>, b: State, a: State): boolean {
  return a === b || sameState(type, type.join(b, a), b);
}

/** The pieces of a state by their ids, to compare others with. */
export function piecesById<State>(type: CrdtType<State>, state: State): ReadonlyMap<string, State> {
  return new Map(type.pieces(state).map((piece) => [piece.id, piece.state]));
}

/** Whether pieces of a state cover another piece: as much work as the piece is long. */
export function coversPiece<State>(
  type: CrdtType<State>,
  pieces: ReadonlyMap<string, State>,
  piece: Piece<State>,
): boolean {
  const held = pieces.get(piece.id);
  return held !== undefined && covers(type, held, piece.state);
}

/** The join of any number of states; in halves, because a join costs as much as both of its sides are long. */
export function joinAll<State>(type: CrdtType<State>, states: Iterable<State>): State {
  let row = [...states];
  while (row.length > 1) {
    const next: State[] = [];
    for (let i = 0; i < row.length; i += 2)
      next.push(i + 1 < row.length ? type.join(row[i], row[i + 1]) : row[i]);
    row = next;
  }
  return row[0] ?? type.empty;
}

/** @throws GridvineError `E_VALUE_INVALID` where an operation is none of those that a type has. */
export function requireOp(op: CrdtOperation['op'], ...known: readonly CrdtOperation['op'][]): void {
  if (!known.includes(op))
    throw new GridvineError('E_VALUE_INVALID', `op: expected ${known.join(' or ')}; got ${op}`);
}

/** What an operation brings. @throws GridvineError `E_VALUE_INVALID`. */
export function requireValue(value: AppValue | undefined): AppValue {
  if (value === undefined) throw new GridvineError('E_VALUE_INVALID', 'value: expected one; got nothing');
  const problem = problemOfValue(value) ?? problemOfDepth(value);
  if (problem !== undefined) throw new GridvineError('E_VALUE_INVALID', problem);
  return value;
}

/** The key of a map. @throws GridvineError `E_VALUE_INVALID`. */
export function requireKey(key: string | undefined): string {
  if (!isMapKey(key))
    throw new GridvineError(
      'E_VALUE_INVALID',
      `key: expected text of 1 to ${MAP_KEY_BYTES_MAX} bytes; got ${JSON.stringify(key)?.slice(0, 80) ?? 'nothing'}`,
    );
  return key;
}

/** Whether a value is within the depth that shared data allows. */
export function problemOfDepth(value: AppValue): string | undefined {
  return depthOf(value) <= SHARED_DEPTH_MAX
    ? undefined
    : `value: expected at most ${SHARED_DEPTH_MAX} arrays and objects around each other in shared data; got more`;
}

const MAP_KEY_BYTES_MAX = 128;
const UTF8 = new TextEncoder();

/** A map's key as slots may hold it. */
export function isMapKey(key: AppValue | undefined): key is string {
  return (
    typeof key === 'string' &&
    key.isWellFormed() &&
    key !== '' &&
    UTF8.encode(key).length <= MAP_KEY_BYTES_MAX &&
    key.charCodeAt(0) !== 0xfeff
  );
}

function depthOf(value: AppValue): number {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return 0;
  let depth = 0;
  for (const item of Object.values(value)) depth = Math.max(depth, depthOf(item as AppValue));
  return depth + 1;
}
