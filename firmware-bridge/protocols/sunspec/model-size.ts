import { REPEATS_MAX } from './decode-model.ts';
import type { GroupTable } from './model-table.ts';

/** Registers that a group can have at most, with everything that repeats in it. */
export function registersMax({ points, groups }: GroupTable): number {
  const own = points.reduce((total, { size }) => total + size, 0);
  return groups.reduce((total, inner) => {
    const repeats = typeof inner.count === 'number' && inner.count > 0 ? inner.count : REPEATS_MAX;
    return total + repeats * registersMax(inner);
  }, own);
}

/** Where the scales of a model lie, as registers from its id on: the whole stretch, and each of them. */
export interface ScaleSpan {
  readonly from: number;
  readonly count: number;
  readonly places: readonly number[];
}

/** Undefined for models without scales. Those of groups that repeat aren't looked for: no model has such. */
export function scaleSpan({ points }: GroupTable): ScaleSpan | undefined {
  const places: number[] = [];
  let at = 0;
  for (const { type, size } of points) {
    if (type === 'sunssf') places.push(at);
    at += size;
  }
  const [from] = places;
  const last = places.at(-1);
  return from === undefined || last === undefined ? undefined : { from, count: last + 1 - from, places };
}
