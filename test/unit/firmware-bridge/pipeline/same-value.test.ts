import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameValue } from '#bridge/pipeline/same-value.ts';

test('values are compared all the way down, members in any order', () => {
  assert.ok(sameValue({ a: [1, { b: 'x' }], c: null }, { c: null, a: [1, { b: 'x' }] }));
  assert.ok(sameValue(new Uint8Array([1, 2]), new Uint8Array([1, 2])));
  assert.ok(sameValue(0, -0));
});

test('different types, lengths, members and bytes are different', () => {
  assert.ok(!sameValue({ a: 1 }, { b: 1 }));
  assert.ok(!sameValue({ toString: 1 }, { a: 1 }));
  assert.ok(!sameValue([1], { 0: 1 }));
  assert.ok(!sameValue([1], new Uint8Array([1])));
  assert.ok(!sameValue([1, 2], [1]));
  assert.ok(!sameValue(1, 1n));
  assert.ok(!sameValue(null, {}));
  assert.ok(!sameValue(new Uint8Array([1]), new Uint8Array([2])));
});
