import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOfValue } from '#runtime/wire/value-check.ts';

function nest(depth: number): unknown {
  return depth === 0 ? 1 : [nest(depth - 1)];
}

test('application values have no problem', () => {
  const values = [
    null,
    true,
    0,
    -0,
    1.5,
    2n ** 64n - 1n,
    -(2n ** 63n),
    'text',
    new Uint8Array(2),
    Buffer.from('x'),
    [1, [2]],
    { a: { b: [null] } },
    Object.assign(Object.create(null), { a: 1 }),
    nest(7),
  ];
  for (const value of values) assert.equal(problemOfValue(value), undefined);
});

test('the answer names the place and what came', () => {
  const cases: [unknown, string][] = [
    [{ a: [1, 2, Number.NaN] }, 'value.a[2]: expected a finite number; got NaN'],
    [Number.POSITIVE_INFINITY, 'value: expected a finite number; got Infinity'],
    [2n ** 64n, `value: expected an integer from -2^63 to 2^64 - 1; got ${2n ** 64n}`],
    [{ 'odd key': new Date(0) }, 'value["odd key"]: expected a plain object; got Date'],
    [[new Map()], 'value[0]: expected a plain object; got Map'],
    [new Float32Array(1), 'value: expected a plain object; got Float32Array'],
    [{ x: '\ud800' }, 'value.x: expected well-formed Unicode; got a lone surrogate'],
    [{ '\ud800': 1 }, 'value["\\ud800"]: expected well-formed Unicode; got a lone surrogate'],
    ['\ufeffx', 'value: expected no byte order mark in front; got one'],
    [nest(8), 'value[0][0][0][0][0][0][0]: expected at most 7 arrays and objects around each other'],
  ];
  for (const [value, expected] of cases) assert.equal(problemOfValue(value), expected);
});

test('undefined, functions and symbols are named by their type', () => {
  assert.match(problemOfValue({ a: undefined }) ?? '', /^value\.a: expected .*; got undefined$/);
  assert.match(problemOfValue([() => 1]) ?? '', /got function$/);
  assert.match(problemOfValue(Symbol('x'), 'payload') ?? '', /^payload: expected .*got symbol$/);
  assert.match(problemOfValue(Array(2)) ?? '', /^value\[0\]: .*got undefined$/);
});

test('a value that contains itself is refused by its depth, one with too many items by their number', () => {
  const loop: unknown[] = [];
  loop.push(loop);
  assert.match(problemOfValue(loop) ?? '', /around each other/);
  assert.match(problemOfValue(Array(5_000).fill(0)) ?? '', /at most 4080 items/);
});
