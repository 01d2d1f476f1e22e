import type { AppValue } from '../../core/value.ts';
import { standing } from './dots.ts';
import { dotsType, dotsWhere } from './dots-type.ts';
import {
  isMapKey,
  orderKey,
  problemOfDepth,
  requireKey,
  requireOp,
  requireValue,
  sortedValues,
} from './value-order.ts';

interface Entry {
  readonly key: string;
  readonly value: AppValue;
}

/**
 * A map in which setting wins over removing at the same time. Each key shows all values that were set without knowing of each
 * other, as a list.
 */
export const ormap = dotsType<Entry>({
  codec: {
    decode: ([key, value]) =>
      isMapKey(key) && value !== undefined && problemOfDepth(value) === undefined
        ? { key, value }
        : undefined,
    encode: ({ key, value }) => [key, value],
    orderKey: ({ key, value }) => orderKey([key, value]),
  },
  value(dots) {
    const byKey = new Map<string, AppValue[]>();
    for (const [, { key, value }] of standing(dots)) {
      const values = byKey.get(key);
      if (values === undefined) byKey.set(key, [value]);
      else values.push(value);
    }
    return Object.fromEntries(Array.from(byKey, ([key, values]) => [key, sortedValues(values)]));
  },
  plan(dots, { op, key: wanted, value }) {
    requireOp(op, 'set', 'remove');
    const key = requireKey(wanted);
    const remove = dotsWhere(dots, (entry) => entry.key === key);
    return op === 'set' ? { write: { key, value: requireValue(value) }, remove } : { remove };
  },
});
