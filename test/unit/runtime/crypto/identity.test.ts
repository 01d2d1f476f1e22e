import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNodeId, toHex } from '#runtime/core/ids.ts';
import { identityFromSeed, nodeIdOf } from '#runtime/crypto/identity.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';

const provider = createNodeProvider();

test('[P-1.2] the id is the first 16 bytes of the hash of the public key', () => {
  const identity = identityFromSeed(provider, new Uint8Array(32).fill(5));
  assert.ok(isNodeId(identity.id));
  assert.equal(identity.id, toHex(provider.sha256(identity.publicKey)).slice(0, 32));
  assert.equal(identity.id, nodeIdOf(provider, identity.publicKey));
});

test('an identity signs for its public key, though the seed it was made of is wiped afterwards', () => {
  const seed = new Uint8Array(32).fill(6);
  const identity = identityFromSeed(provider, seed);
  seed.fill(0);
  const message = Uint8Array.of(1, 2, 3);
  assert.ok(provider.verify(identity.publicKey, message, identity.sign(message)));
});

test('a seed of another length is refused by name', () => {
  assert.throws(
    () => identityFromSeed(provider, new Uint8Array(31)),
    /identity seed: expected 32 bytes; got 31/,
  );
});
