import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';

const MESSAGE = Uint8Array.of(1, 2, 3);

test('more keys than are kept at once are each judged rightly, again and again', () => {
  const provider = createNodeProvider();
  const seeds = Array.from({ length: 600 }, (_, i) =>
    new Uint8Array(32)
      .fill(1)
      .with(0, i & 255)
      .with(1, i >> 8),
  );
  const signed = seeds.map((seed) => ({
    key: provider.publicKey(seed),
    signature: provider.sign(seed, MESSAGE),
  }));
  for (let round = 0; round < 2; round++)
    signed.forEach(({ key, signature }, i) => {
      assert.ok(provider.verify(key, MESSAGE, signature));
      assert.ok(!provider.verify(signed[(i + 1) % signed.length].key, MESSAGE, signature));
    });
});

test('after forgeries the trace of other errors is whole again', () => {
  const key = createNodeProvider().cipherKey(new Uint8Array(32));
  const counter = new Uint8Array(8);
  const { stackTraceLimit } = Error;
  for (let i = 0; i < 5; i++) assert.equal(key.open(counter, MESSAGE, new Uint8Array(40)), undefined);
  const sealed = key.seal(counter, MESSAGE, MESSAGE);
  assert.deepEqual(key.open(counter, MESSAGE, sealed), MESSAGE);
  assert.equal(Error.stackTraceLimit, stackTraceLimit);
});
