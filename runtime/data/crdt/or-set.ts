import type { AppValue } from '../../core/value.ts';
import type { ContentCodec } from './dots.ts';
import { standing } from './dots.ts';
import { dotsType, dotsWhere } from './dots-type.ts';
import { orderKey, problemOfDepth, requireOp, requireValue, sortedValues } from './value-order.ts';

/** One value behind the dot. */
export const VALUE_CONTENT: ContentCodec<AppValue> = {
  decode: ([value]) => (value === undefined || problemOfDepth(value) !== undefined ? undefined : value),
  encode: (value) => [value],
  orderKey,
};

/**
 * A set in which adding wins over removing at the same time: a removal takes away what its maker had seen, and nothing else.
 */
export const orset = dotsType<AppValue>({
  codec: VALUE_CONTENT,
  value: (dots) => sortedValues(Array.from(standing(dots), ([, element]) => element)),
  plan(dots, { op, value }) {
    requireOp(op, 'add', 'remove');
    const element = requireValue(value);
    const key = orderKey(element);
    const remove = dotsWhere(dots, (other) => orderKey(other) === key);
    return op === 'add' ? { write: element, remove } : { remove };
  },
});
