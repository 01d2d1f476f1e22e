import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { createSodiumProvider } from '#runtime/crypto/sodium-provider.ts';

const node = createNodeProvider();
const sodium = await createSodiumProvider(node);
const random = new SeededRandom(7);
const key = random.bytes(32);
const counter8 = random.bytes(8);

test('texts and associated data of any length are sealed to the same bytes as by the base', () => {
  for (const length of [0, 1, 2_047, 2_048, 2_049, 70_000]) {
    for (const aadLength of [0, 511, 512, 513, 3_000]) {
      const text = random.bytes(length);
      const aad = random.bytes(aadLength);
      const sealed = sodium.cipherKey(key).seal(counter8, aad, text);
      assert.deepEqual(sealed, node.cipherKey(key).seal(counter8, aad, text));
      assert.deepEqual(sodium.cipherKey(key).open(counter8, aad, sealed), text);
    }
  }
});

test('keys keep apart, though they share one workspace', () => {
  const [first, second] = [1, 2].map((byte) => sodium.cipherKey(new Uint8Array(32).fill(byte)));
  const text = random.bytes(100);
  const aad = random.bytes(9);
  const sealed = first.seal(counter8, aad, text).slice();
  const other = second.seal(counter8, aad, text).slice();
  assert.notDeepEqual(other, sealed);
  assert.deepEqual(first.open(counter8, aad, sealed), text);
  assert.equal(second.open(counter8, aad, sealed), undefined);
  assert.deepEqual(second.open(counter8, aad, other), text);
});

test('a text that was opened stays as it was when more are opened', () => {
  const sealKey = sodium.cipherKey(key);
  const texts = Array.from({ length: 200 }, () => random.bytes(300));
  const opened = texts.map((text) => sealKey.open(counter8, key, sealKey.seal(counter8, key, text).slice()));
  assert.deepEqual(opened, texts);
});

test('a key of another length is refused', () => {
  assert.throws(() => sodium.cipherKey(new Uint8Array(31)), /key: expected 32 bytes; got 31/);
});
