import fc from 'fast-check';
import type { AppValue } from '#runtime/core/value.ts';

const text = fc.string({ unit: 'binary', maxLength: 80 }).filter((each) => !each.startsWith('\ufeff'));

/** Any number that an application may store. */
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 60),
);

/** Integers that only a bigint holds: those within 2^53 come back as numbers. */
const bigint = fc.oneof(
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
);

/** Application values of every kind, nested up to five deep. */
export const appValue: fc.Arbitrary<AppValue> = fc.letrec<{ value: AppValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    bigint,
    text,
    fc.uint8Array({ maxLength: 60 }),
    fc.array(tie('value'), { maxLength: 6, depthIdentifier: 'value' }),
    fc.dictionary(text, tie('value'), { maxKeys: 6, depthIdentifier: 'value', noNullPrototype: true }),
  ),
})).value;

export { text };
