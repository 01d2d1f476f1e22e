import { GridvineError } from '../../core/errors.ts';
import type { AppValue } from '../../core/value.ts';
import { standing } from './dots.ts';
import { dotsType, dotsWhere } from './dots-type.ts';
import { VALUE_CONTENT } from './or-set.ts';
import { requireValue, sortedValues } from './value-order.ts';

/** A register that shows all values that were set without knowing of each other; setting it again leaves one. */
export const mv = dotsType<AppValue>({
  codec: VALUE_CONTENT,
  value: (dots) => sortedValues(Array.from(standing(dots), ([, value]) => value)),
  plan(dots, { op, value }) {
    if (op !== 'set') throw new GridvineError('E_VALUE_INVALID', `op: expected set; got ${op}`);
    return { write: requireValue(value), remove: dotsWhere(dots, () => true) };
  },
});
