import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { modelSealing } from '#runtime/simulator/modelled-provider.ts';

const real = createNodeProvider();
const key = new Uint8Array(32).fill(1);
const salt = new Uint8Array(16).fill(2);
const counter = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5);
const aad = Uint8Array.of(9, 9);
const text = new TextEncoder().encode('a reading, a reading');

test('modelled sealing has the size of the real thing and opens again', () => {
  const modelled = modelSealing(real).sealKey(key, salt);
  const sealed = modelled.seal(counter, aad, text);
  assert.equal(sealed.length, real.sealKey(key, salt).seal(counter, aad, text).length);
  assert.deepEqual(modelled.open(counter, aad, sealed), text);
});

test('any flipped bit, another counter, associated data, key or salt is refused', () => {
  const provider = modelSealing(real);
  const modelled = provider.sealKey(key, salt);
  const sealed = modelled.seal(counter, aad, text);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bent = Uint8Array.from(sealed);
    bent[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(modelled.open(counter, aad, bent), undefined, `bit ${bit}`);
  }
  assert.equal(modelled.open(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 6), aad, sealed), undefined);
  assert.equal(modelled.open(counter, Uint8Array.of(9, 8), sealed), undefined);
  assert.equal(provider.sealKey(salt, key).open(counter, aad, sealed), undefined);
  assert.equal(provider.sealKey(key, new Uint8Array(16)).open(counter, aad, sealed), undefined);
  assert.equal(modelled.open(counter, aad, sealed.subarray(0, 10)), undefined);
});

test('the other primitives stay those of the provider below', () => {
  const modelled = modelSealing(real);
  assert.deepEqual(modelled.sha256(text), real.sha256(text));
  assert.equal(modelled.name, real.name);
});
