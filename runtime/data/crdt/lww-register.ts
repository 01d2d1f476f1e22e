import { GridvineError } from '../../core/errors.ts';
import type { NodeId } from '../../core/ids.ts';
import type { AppValue } from '../../core/value.ts';
import type { CrdtType } from './crdt-type.ts';
import { idBytes, idOf, lifeOf, listOf, uintOf } from './slot-parts.ts';
import { compare, orderKey, problemOfDepth, requireOp, requireValue } from './value-order.ts';

/** Lamport counters end here: far beyond what honest writers reach, and room to tell who isn't [P-16.10]. */
export const LAMPORT_MAX = 2 ** 48;

/** When and by whom something was written, as far as the order of writes goes. */
export interface Stamp {
  readonly lamport: number;
  readonly by: NodeId;
  readonly life: number;
}

interface Write extends Stamp {
  readonly wallMs: number;
  readonly value: AppValue;
}

export type LwwState = Write | null;

/** The order of writes: by Lamport counter, then by node, then by its life. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return compare(a.lamport, b.lamport) || compare(a.by, b.by) || compare(a.life, b.life);
}

/** The counter of the next write after those that were seen. @throws GridvineError `E_CRDT_LIMIT`. */
export function nextLamport(highest: number): number {
  if (highest >= LAMPORT_MAX)
    throw new GridvineError(
      'E_CRDT_LIMIT',
      `value: its writes were counted to the end (${LAMPORT_MAX}), which no honest node does. Use another name.`,
    );
  return highest + 1;
}

/** A register whose last write counts. */
export const lww: CrdtType<LwwState> = {
  empty: null,
  decode(slot) {
    const cells = listOf(slot);
    const lamport = uintOf(cells?.[0], { min: 1, max: LAMPORT_MAX });
    const by = idOf(cells?.[1]);
    const life = lifeOf(cells?.[2]);
    const wallMs = uintOf(cells?.[3]);
    const value = cells?.[4];
    if (
      lamport === undefined ||
      by === undefined ||
      life === undefined ||
      wallMs === undefined ||
      value === undefined ||
      problemOfDepth(value) !== undefined
    )
      return 'expected [lamport, node, life, wall, value]';
    return { lamport, by, life, wallMs, value };
  },
  encode: (state) =>
    state === null ? null : [state.lamport, idBytes(state.by), state.life, state.wallMs, state.value],
  join(a, b) {
    if (a === null || b === null) return a ?? b;
    const order = compareStamps(a, b) || compare(tieKey(a), tieKey(b));
    return order >= 0 ? a : b;
  },
  value: (state) => state?.value ?? null,
  pieces: (state) => (state === null ? [] : [{ id: '', about: null, state }]),
  change(total, { op, value }, { id, life }, wallMs) {
    requireOp(op, 'set');
    return {
      lamport: nextLamport(total?.lamport ?? 0),
      by: id,
      life,
      wallMs,
      value: requireValue(value),
    };
  },
  written: (state) => (state === null ? [] : [{ key: null, by: state.by, wallMs: state.wallMs }]),
};

/** Two writes under one stamp are somebody's fault; the order of their bytes makes all nodes agree on one. */
function tieKey({ wallMs, value }: Write): string {
  return orderKey([wallMs, value]);
}
