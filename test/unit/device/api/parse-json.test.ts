import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJson } from '#device/api/parse-json.ts';

describe('JSON as it comes in', () => {
  test('integers that a number cannot hold keep their digits', () => {
    assert.equal(parseJson('9007199254740993'), 9007199254740993n);
    assert.deepEqual(parseJson('{"a":[-9223372036854775808]}'), { a: [-9223372036854775808n] });
  });

  test('all other numbers are numbers', () => {
    assert.equal(parseJson('1e300'), 1e300);
    assert.equal(parseJson('42'), 42);
    assert.equal(parseJson('123456789012345678901234567890'), 1.2345678901234568e29);
  });

  test('what is no JSON is a SyntaxError', () => {
    assert.throws(() => parseJson('{'), SyntaxError);
  });
});
