import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordSigningInput } from '#runtime/crypto/record-signature.ts';

const OWNER = 'ab'.repeat(16);
const PREFIX = [...new TextEncoder().encode('gridvine/1 record'), 4, ...new TextEncoder().encode('home')];

function expected(record: Uint8Array): Uint8Array {
  return Uint8Array.from([...PREFIX, ...new Uint8Array(16).fill(0xab), ...record]);
}

test('[P-5.20] what is signed names cluster and owner, for records of any length in turn', () => {
  const input = new RecordSigningInput('home');
  for (const length of [0, 900, 5_000, 20, 6_000, 1]) {
    const record = new Uint8Array(length).fill(length & 255);
    assert.deepEqual(input.of(OWNER, record), expected(record));
  }
});

test('a cluster without a name, or with too long a one, is refused', () => {
  for (const cluster of ['', 'ü'.repeat(33)])
    assert.throws(() => new RecordSigningInput(cluster), /cluster name: expected 1 to 64 bytes/);
});
