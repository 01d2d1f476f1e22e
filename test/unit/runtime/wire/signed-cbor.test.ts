import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCbor, decodeSignedCbor } from '#runtime/wire/cbor.ts';

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

function refusal(decode: typeof decodeCbor, input: Uint8Array): string | undefined {
  const decoded = decode(input);
  return 'refusal' in decoded ? decoded.refusal : undefined;
}

test('[P-11.1] signed objects may have negative keys, other bodies may not', () => {
  const map = bytes(0xa2, 0x01, 0x01, 0x20, 0x06);
  assert.deepEqual(decodeSignedCbor(map), {
    value: new Map([
      [1, 1],
      [-1, 6],
    ]),
  });
  assert.deepEqual(decodeCbor(map), { refusal: 'map key is no unsigned integer or text' });
  assert.equal(
    refusal(decodeSignedCbor, bytes(0xa1, 0x41, 0x00, 0x00)),
    'map key is no unsigned integer or text',
  );
});

test('[P-11.1] keys of signed objects are in bytewise order and none twice, also in maps within', () => {
  const unordered = bytes(0xa2, 0x02, 0x00, 0x01, 0x00);
  assert.equal(refusal(decodeCbor, unordered), undefined);
  assert.equal(refusal(decodeSignedCbor, unordered), 'map keys not in order');
  assert.equal(refusal(decodeSignedCbor, bytes(0x81, ...unordered)), 'map keys not in order');
  assert.equal(refusal(decodeSignedCbor, bytes(0xa2, 0x20, 0x00, 0x01, 0x00)), 'map keys not in order');
  assert.notEqual(refusal(decodeSignedCbor, bytes(0xa2, 0x01, 0x00, 0x01, 0x00)), undefined);
});

test('the other bounds hold for signed objects too', () => {
  assert.equal(refusal(decodeSignedCbor, bytes(0xd2, 0x80)), 'tag');
  assert.equal(refusal(decodeSignedCbor, bytes(0x18, 0x01)), 'not in shortest form');
  assert.equal(refusal(decodeSignedCbor, bytes(0x81)), 'truncated');
  assert.equal(refusal(decodeSignedCbor, bytes(0x80, 0x80)), 'bytes after the end');
});

test('[P-11.13] signed objects hold no floats, of which each has several encodings', () => {
  for (const float of [
    [0xf9, 0x3c, 0x00],
    [0xfa, 0x3f, 0x80, 0, 0],
    [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
    [0xf9],
  ]) {
    assert.equal(refusal(decodeSignedCbor, bytes(...float)), 'float');
    assert.equal(refusal(decodeSignedCbor, bytes(0xa1, 0x01, ...float)), 'float');
  }
});
