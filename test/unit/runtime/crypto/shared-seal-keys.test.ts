import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { shareSealKeys } from '#runtime/crypto/shared-seal-keys.ts';

test('each key and salt is derived once, until too many others came', () => {
  const provider = createNodeProvider();
  let derived = 0;
  const counting = {
    ...provider,
    sealKey(key: Uint8Array, salt: Uint8Array) {
      derived++;
      return provider.sealKey(key, salt);
    },
  };
  const shared = shareSealKeys(counting, 2);
  const key = new Uint8Array(32);
  const salts = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte));
  assert.equal(shared.sealKey(key, salts[0]), shared.sealKey(key.slice(), salts[0].slice()));
  assert.equal(derived, 1);
  shared.sealKey(key, salts[1]);
  shared.sealKey(key, salts[2]);
  shared.sealKey(key, salts[0]);
  assert.equal(derived, 4);
});
