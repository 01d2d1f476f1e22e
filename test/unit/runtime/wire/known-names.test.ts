import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { knownKey, knownNodeId } from '#runtime/wire/known-names.ts';

test('an id reads the same whether it is known or not, also where its first bytes are those of another', () => {
  const random = new SeededRandom(1);
  const first = random.bytes(16);
  const twin = Uint8Array.from([...first.subarray(0, 8), ...random.bytes(8)]);
  for (const bytes of [first, twin, first, twin, random.bytes(16)])
    assert.equal(knownNodeId(bytes), toHex(bytes));
});

test('more ids and keys than are kept read the same too', () => {
  const random = new SeededRandom(2);
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(16);
    if (knownNodeId(bytes) !== toHex(bytes)) assert.fail(`${toHex(bytes)} was read as another`);
    if (knownKey(`key/${i}`) !== `key/${i}`) assert.fail(`key/${i} was read as another`);
  }
});
