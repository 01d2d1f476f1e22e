import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeChecked, encodeChecked } from '#runtime/storage/checked-json.ts';

const SCHEMA = 'gridvine.test/1';

test('a body comes back as it was written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const expected = JSON.parse(JSON.stringify(body));
      assert.deepEqual(decodeChecked(SCHEMA, encodeChecked(SCHEMA, body)), { body: expected });
    }),
  );
});

test('a file torn at any byte is told from a whole one', () => {
  const whole = encodeChecked(SCHEMA, { boot: '0000007', note: 'ü' });
  for (let length = 0; length < whole.length; length++)
    assert.equal(decodeChecked(SCHEMA, whole.subarray(0, length)), undefined, `cut to ${length} bytes`);
});

test('a change of any single bit is noticed', () => {
  const whole = encodeChecked(SCHEMA, { boot: '0000007' });
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const changed = new Uint8Array(whole);
    changed[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(decodeChecked(SCHEMA, changed), undefined, `bit ${bit}`);
  }
});

test('a file whose tail a longer predecessor left is noticed', () => {
  const whole = encodeChecked(SCHEMA, { boot: '1' });
  assert.equal(decodeChecked(SCHEMA, new Uint8Array([...whole, 0x7d, 0x0a])), undefined);
});

test('a file of another schema is refused', () => {
  assert.equal(decodeChecked('gridvine.other/1', encodeChecked(SCHEMA, { boot: '1' })), undefined);
});
