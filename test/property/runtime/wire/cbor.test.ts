import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as cborgDecode } from 'cborg';
import fc from 'fast-check';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { problemOfValue } from '#runtime/wire/value-check.ts';
import { readerDecode, twinDecode } from '../../../../scripts/fuzz/cbor-twin.ts';
import { appValue } from './values.ts';

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
};

/** Nested more than the bounds allow: nothing else can be wrong with a generated value. */
function fits(value: unknown): boolean {
  return problemOfValue(value) === undefined;
}

test('a value that has no problem comes back as it was, to the sign of zero', () => {
  fc.assert(
    fc.property(appValue.filter(fits), (value) => {
      const decoded = decodeCbor(encodeValue(value));
      assert.ok('value' in decoded);
      assert.deepStrictEqual(toAppValue(decoded.value), value);
    }),
    { numRuns: 300 },
  );
});

test('what is encoded is deterministic CBOR by the judgement of an independent strict decoder', () => {
  fc.assert(
    fc.property(appValue.filter(fits), (value) => {
      const bytes = encodeValue(value);
      cborgDecode(bytes, STRICT);
      const decoded = decodeCbor(bytes);
      assert.ok('value' in decoded);
      const again = toAppValue(decoded.value);
      assert.ok(again !== undefined);
      assert.deepEqual(encodeValue(again), bytes);
    }),
    { numRuns: 300 },
  );
});

test('the decoder admits nothing that an independent strict decoder refuses, and both read the same', () => {
  const mutated = fc.tuple(
    appValue.filter(fits),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  );
  let admitted = 0;
  fc.assert(
    fc.property(mutated, ([value, changes]) => {
      const bytes = encodeValue(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const decoded = readerDecode(bytes);
      assert.deepStrictEqual(decoded, twinDecode(bytes));
      if (!('value' in decoded)) return;
      admitted++;
      assert.deepEqual(numbersOf(decoded.value), numbersOf(cborgDecode(bytes, STRICT)));
    }),
    { numRuns: 1_000 },
  );
  assert.ok(admitted > 100, `only ${admitted} admitted`);
});

/** The two decoders differ in whether an integer that a number can hold comes as bigint: compare them as text. */
function numbersOf(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(numbersOf);
  if (value instanceof Map) return [...value].map(([key, item]) => [numbersOf(key), numbersOf(item)]);
  return value;
}

test('random bytes never make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepStrictEqual(readerDecode(bytes), twinDecode(bytes));
    }),
    { numRuns: 1_000 },
  );
});
