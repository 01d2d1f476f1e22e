import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { aadPrefix, KIND_SEALED_TO_ONE, readHeader, writeHeader } from '#runtime/wire/header.ts';

const salt = fromHex('000102030405060708090a0b0c0d0e0f');
const HEADER = `47${'11'}deadbeef${'1234'}000102030405060708090a0b0c0d0e0f${'0000000100000002'}`;

test('[P-3.1] the header stands where the table says', () => {
  const bytes = new Uint8Array(32);
  const fields = {
    kind: KIND_SEALED_TO_ONE,
    clusterTag: 0xdeadbeef,
    keyId: 0x1234,
    counter: 2 ** 32 + 2,
  };
  writeHeader(bytes, { ...fields, salt });
  assert.equal(toHex(bytes), HEADER);
  assert.deepEqual(readHeader(bytes), { version: 1, ...fields });
});

test('a counter of more than 53 bits is read as none', () => {
  const bytes = fromHex(HEADER);
  bytes.set(fromHex('001fffffffffffff'), 24);
  assert.equal(readHeader(bytes)?.counter, Number.MAX_SAFE_INTEGER);
  bytes.set(fromHex('0020000000000000'), 24);
  assert.equal(readHeader(bytes)?.counter, Number.NaN);
});

test('too few bytes or another magic are no header', () => {
  assert.equal(readHeader(fromHex(HEADER).subarray(1)), undefined);
  assert.equal(readHeader(new Uint8Array(32)), undefined);
});

test('[P-3.4] the associated data begins with label, length and cluster name', () => {
  assert.equal(toHex(aadPrefix('hü')), `${toHex(new TextEncoder().encode('gridvine/1'))}0368c3bc`);
  assert.throws(() => aadPrefix(''), /cluster name: expected 1 to 64 bytes; got 0/);
});
