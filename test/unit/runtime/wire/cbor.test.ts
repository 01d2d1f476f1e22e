import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';

function read(bytes: Uint8Array): AppValue | undefined {
  const decoded = decodeCbor(bytes);
  return 'value' in decoded ? toAppValue(decoded.value) : undefined;
}

test('what the gate refuses is refused with its reason', () => {
  assert.deepEqual(decodeCbor(fromHex('d81c80')), { refusal: 'tag' });
  assert.deepEqual(decodeCbor(new Uint8Array(0)), { refusal: 'truncated' });
});

test('integers come as numbers up to 2^53 and as bigint beyond', () => {
  const cases: [string, number | bigint][] = [
    ['1b0020000000000000', 2 ** 53],
    ['1b0020000000000001', 2n ** 53n + 1n],
    ['1b001fffffffffffff', 2 ** 53 - 1],
    ['1b0000000100000000', 2 ** 32],
    ['1bffffffffffffffff', 2n ** 64n - 1n],
    ['3b001fffffffffffff', -(2 ** 53)],
    ['3b0020000000000000', -(2n ** 53n) - 1n],
    ['3b7fffffffffffffff', -(2n ** 63n)],
    ['3affffffff', -(2 ** 32)],
  ];
  for (const [hex, value] of cases) assert.equal(read(fromHex(hex)), value, hex);
});

test('[P-4.3] an integer below -2^63 or a map with an integer key is no application value', () => {
  assert.equal(read(fromHex('3b8000000000000000')), undefined);
  assert.equal(read(fromHex('813bffffffffffffffff')), undefined);
  assert.equal(read(fromHex('a10100')), undefined);
  assert.equal(read(fromHex('a16161a10100')), undefined);
});

test('bytes are copies: a datagram that is reused does not change them', () => {
  const input = Buffer.from('82420102420304', 'hex');
  const value = read(input);
  input.fill(0);
  assert.deepEqual(value, [Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
});

test('a key __proto__ is an ordinary key: it survives and touches no prototype', () => {
  const bytes = fromHex(`a2617801695f5f70726f746f5f5fa168706f6c6c7574656401`);
  const value = read(bytes) as Record<string, AppValue>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ['x', '__proto__']);
  assert.equal((value as { polluted?: unknown }).polluted, undefined);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.equal(toHex(encodeValue(value)), toHex(bytes));
});

test('names that objects inherit are ordinary keys too', () => {
  const value = { constructor: 1, toString: 'x', hasOwnProperty: null };
  assert.deepEqual(read(encodeValue(value as unknown as AppValue)), value);
});

test('long text keeps every character', () => {
  const text = `${'ä'.repeat(40)}\ufeff${'x'.repeat(40)}`;
  assert.equal(read(encodeValue(text)), text);
});

test('decoding leaves no trace in the input that a second decoding could read', () => {
  const bytes = encodeValue({ a: [1, 'x'] });
  const shared = new Uint8Array(bytes);
  assert.deepEqual(read(shared), { a: [1, 'x'] });
  shared[shared.length - 1] = 'y'.charCodeAt(0);
  assert.deepEqual(read(shared), { a: [1, 'y'] });
});
