import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import { CborWriter, sizeOfInt, sizeOfUint } from '#runtime/wire/cbor-writer.ts';

const hex = (value: AppValue) => toHex(encodeValue(value));

test('integers take the shortest form (RFC 8949 appendix A)', () => {
  const cases: [AppValue, string][] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [4_294_967_295, '1affffffff'],
    [4_294_967_296, '1b0000000100000000'],
    [1_000_000_000_000, '1b000000e8d4a51000'],
    [18_446_744_073_709_551_615n, '1bffffffffffffffff'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-1_000, '3903e7'],
    [-(2n ** 63n), '3b7fffffffffffffff'],
  ];
  for (const [value, expected] of cases) assert.equal(hex(value), expected, String(value));
});

test('[P-4.3] an integral number of magnitude up to 2^53 is written as an integer, -0 and larger ones as floats', () => {
  assert.equal(hex(2 ** 53), '1b0020000000000000');
  assert.equal(hex(-(2 ** 53)), '3b001fffffffffffff');
  assert.equal(hex(-0), 'fa80000000');
  assert.equal(hex(2 ** 60), 'fa5d800000');
  assert.equal(hex(2 ** 53 + 2), 'fb4340000000000001');
});

test('a bigint that a number can hold has the bytes of that number', () => {
  for (const value of [0, 1, 255, -1, 2 ** 53, -(2 ** 53)]) assert.equal(hex(BigInt(value)), hex(value));
});

test('a float takes 32 bits where they hold it exactly, else 64', () => {
  assert.equal(hex(1.5), 'fa3fc00000');
  assert.equal(hex(1.1), 'fb3ff199999999999a');
});

test('text is UTF-8 with its length in bytes', () => {
  assert.equal(hex(''), '60');
  assert.equal(hex('IETF'), '6449455446');
  assert.equal(hex('ü'), '62c3bc');
  assert.equal(hex('水'), '63e6b0b4');
  assert.equal(hex('\ud800\udd51'), '64f0908591');
  assert.equal(hex('a'.repeat(23).concat('é')).slice(0, 4), '7819');
});

test('map keys are sorted bytewise as encoded, whatever their order in the object (RFC 8949 section 4.2.1)', () => {
  assert.equal(hex({ b: 1, aa: 2, a: 3, é: 4 }), 'a4616103616201626161026'.concat('2c3a904'));
  assert.equal(hex({ aa: 2, é: 4, a: 3, b: 1 }), hex({ b: 1, aa: 2, a: 3, é: 4 }));
});

test('bytes, null, booleans and nesting', () => {
  assert.equal(hex([null, true, false, Uint8Array.of(1, 2), [], {}]), '86f6f5f442010280a0');
  assert.equal(hex({ __proto__: null, x: [1] } as unknown as AppValue), 'a1617881'.concat('01'));
});

test('what CBOR of ours cannot say is a RangeError that names it', () => {
  assert.throws(() => encodeValue(Number.NaN), /expected a finite number; got NaN/);
  assert.throws(() => encodeValue(2n ** 64n), /expected an integer from -2\^63/);
  assert.throws(() => encodeValue(undefined as unknown as AppValue), /expected an application value/);
  assert.throws(() => new CborWriter().uint(-1), /expected an integer from 0/);
  assert.throws(() => new CborWriter().uint(1.5), /expected an integer from 0/);
  assert.throws(() => new CborWriter().nodeId('xyz'), /expected a node id/);
  assert.throws(() => new CborWriter().nodeId('g'.repeat(32)), /expected hex digits/);
});

test('the writer grows, and takes back what was written after a length', () => {
  const writer = new CborWriter(16);
  writer.bytes(new Uint8Array(100).fill(1));
  const { length } = writer;
  writer.text('x'.repeat(1_000));
  writer.truncate(length);
  writer.null();
  assert.equal(toHex(writer.finish()), `5864${'01'.repeat(100)}f6`);
});

test('predicted sizes are those that are written', () => {
  for (const value of [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53]) {
    assert.equal(sizeOfUint(value), encodeValue(value).length);
    assert.equal(sizeOfInt(-value), encodeValue(value === 0 ? 0 : -value).length);
  }
});
