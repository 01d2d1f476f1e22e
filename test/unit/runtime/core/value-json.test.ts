import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AppValue } from '#runtime/core/value.ts';
import { valueFromJson, valueToJson } from '#runtime/core/value-json.ts';

function decoded(json: unknown): AppValue {
  const read = valueFromJson(json);
  assert.equal(read.problem, undefined);
  return 'value' in read ? read.value : null;
}

function problemOf(json: unknown, place?: string): string {
  return valueFromJson(json, place).problem ?? assert.fail('it was accepted');
}

describe('values as JSON', () => {
  test('bytes and big integers have marks of their own', () => {
    assert.deepEqual(valueToJson(new Uint8Array([1, 2, 255])), { $bytes: 'AQL/' });
    assert.deepEqual(valueToJson(2n ** 64n - 1n), { $int: '18446744073709551615' });
    assert.equal(valueToJson(7n), 7);
  });

  test('a map that looks like a mark is wrapped, and comes back as the map it was', () => {
    const map = { $bytes: 'not bytes' };
    assert.deepEqual(valueToJson(map), { $map: { $bytes: 'not bytes' } });
    assert.deepEqual(decoded(valueToJson(map)), map);
    const twice = { $map: { $int: 'one' } };
    assert.deepEqual(decoded(valueToJson(twice)), twice);
  });

  test('a map with a mark among other keys is a map', () => {
    const map = { $bytes: '%%', of: 'something' };
    assert.deepEqual(valueToJson(map), map);
    assert.deepEqual(decoded(map), map);
  });

  test('negative zero is 0 for readers, and exact where that is asked for', () => {
    assert.equal(JSON.stringify(valueToJson([-0])), '[0]');
    assert.deepEqual(valueToJson([-0], { negativeZero: 'marked' }), [{ $float: '-0' }]);
    assert.ok(Object.is(decoded({ $float: '-0' }), -0));
  });

  test('a NaN that came from elsewhere is null, because JSON has no other word for it', () => {
    assert.equal(valueToJson(Number.NaN), null);
    assert.deepEqual(valueToJson([Number.POSITIVE_INFINITY]), [null]);
  });

  test('integers are numbers where a number can hold them', () => {
    assert.equal(decoded({ $int: '-12' }), -12);
    assert.equal(decoded(9007199254740993n), 9007199254740993n);
    assert.equal(decoded(5n), 5);
  });

  test('a key named __proto__ is a key like any other', () => {
    const value = decoded(JSON.parse('{"__proto__":{"polluted":true},"constructor":2}'));
    assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as { polluted?: true }).polluted, undefined);
  });
});

describe('JSON that stands for no value', () => {
  for (const [json, problem] of [
    ['{"$bytes":"%%"}', 'value: expected base64 in $bytes; got "%%"'],
    ['{"$bytes":5}', 'value: expected base64 in $bytes; got 5'],
    ['{"$bytes":"AQL"}', 'value: expected base64 in $bytes; got "AQL"'],
    ['[{"$int":"1.5"}]', 'value[0]: expected decimal digits as text in $int; got "1.5"'],
    ['{"$int":12}', 'value: expected decimal digits as text in $int; got 12'],
    [
      '{"$int":"18446744073709551616"}',
      'value: expected an integer from -2^63 to 2^64 - 1; got 18446744073709551616',
    ],
    ['{"$float":"0"}', 'value: expected "-0" in $float; got "0"'],
    ['{"a":{"$map":[]}}', 'value.a: expected an object in $map; got a list'],
    ['{"a":{"b":1e999}}', 'value.a.b: expected a finite number; got Infinity'],
    ['{"a b":1e999}', 'value["a b"]: expected a finite number; got Infinity'],
  ] as const) {
    test(`${json} is refused with the place and what was expected`, () => {
      assert.equal(problemOf(JSON.parse(json)), problem);
    });
  }

  test('it is called what the caller calls it, and a long one is cut', () => {
    assert.equal(problemOf(Number.NaN, 'reading'), 'reading: expected a finite number; got NaN');
    assert.ok(problemOf({ $bytes: '%'.repeat(10_000) }).length < 100);
    assert.match(problemOf({ $bytes: 2n ** 60n }), /got 1152921504606846976$/);
  });

  test('what is no JSON at all is refused too', () => {
    assert.equal(problemOf(undefined), 'value: expected a JSON value; got undefined');
    assert.equal(problemOf([Symbol('x')]), 'value[0]: expected a JSON value; got symbol');
  });

  test('seven arrays and maps around each other are a value, eight and a thousand are not', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    assert.ok(Array.isArray(decoded(nested(7))));
    assert.match(
      problemOf(nested(8)),
      /: expected at most 7 arrays and objects around each other; got more$/,
    );
    problemOf(nested(1000));
    assert.match(problemOf(JSON.parse(`${'{"$map":'.repeat(20)}1${'}'.repeat(20)}`)), /expected/);
  });

  test('whatever comes is a value or a problem, never an exception', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('$bytes', '$int', '$map', '$float', '__proto__'));
    fc.assert(
      fc.property(fc.anything({ key, withBigInt: true, withNullPrototype: true, maxDepth: 10 }), (input) => {
        const read = valueFromJson(input);
        assert.ok(typeof read.problem === 'string' || 'value' in read);
      }),
    );
  });
});

test('every application value survives the way out and back', () => {
  const { value } = fc.letrec<{ value: AppValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
      fc.string(),
      fc.uint8Array({ maxLength: 20 }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('$bytes', '$int', '$map', '$float', '$else', '__proto__')),
        tie('value'),
        { maxKeys: 3, noNullPrototype: true },
      ),
    ),
  }));
  fc.assert(
    fc.property(value, (original) => {
      const text = JSON.stringify(valueToJson(original, { negativeZero: 'marked' }));
      assert.deepEqual(decoded(JSON.parse(text)), original);
    }),
  );
});
