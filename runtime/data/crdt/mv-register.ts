import type { AppValue } from '../../core/value.ts';
import { standing } from './dots.ts';
import { dotsType, dotsWhere } from './dots-type.ts';
import { VALUE_CONTENT } from './or-set.ts';
import { requireOp, requireValue, sortedValues } from './value-order.ts';

/** A register that shows all values that were set without knowing of each other; setting it again leaves one. */
export const mv = dotsType<AppValue>({
  codec: VALUE_CONTENT,
  value: (dots) => sortedValues(Array.from(standing(dots), ([, value]) => value)),
  plan(dots, { op, value }) {
    requireOp(op, 'set');
    return { write: requireValue(value), remove: dotsWhere(dots, () => true) };
  },
});
