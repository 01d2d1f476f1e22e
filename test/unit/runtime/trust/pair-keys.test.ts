import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { PairKeys } from '#runtime/trust/pair-keys.ts';
import { ANN, BEN, CEM } from '../../../support/wire.ts';

const node = createNodeProvider();
const [ann, ben, cem] = [1, 2, 3].map((byte) => agreementKeyOf(node, new Uint8Array(32).fill(byte)));
const PUBLIC = new Map([
  [ANN, ann.publicKey],
  [BEN, ben.publicKey],
  [CEM, cem.publicKey],
]);

function keysOf(self: string, own = ann, changes: Partial<ConstructorParameters<typeof PairKeys>[0]> = {}) {
  const keys = { own, of: (peer: string) => PUBLIC.get(peer) };
  return new PairKeys({ provider: node, self, cluster: 'home', keys, ...changes });
}

function hexOf(keys: PairKeys, peer: string): string {
  const key = keys.of(peer);
  assert.ok(key !== undefined);
  return toHex(key.secret.reveal());
}

test('[P-6.20] two nodes come to one key with either provider, and nobody else, and no other cluster, has it', () => {
  const common = hexOf(keysOf(ANN), BEN);
  assert.equal(hexOf(keysOf(BEN, ben), ANN), common);
  assert.equal(hexOf(keysOf(BEN, ben, { provider: nobleProvider }), ANN), common);
  const others = [
    hexOf(keysOf(ANN), CEM),
    hexOf(keysOf(CEM, cem), BEN),
    hexOf(keysOf(ANN, ann, { cluster: 'hom' }), BEN),
  ];
  for (const other of others) assert.notEqual(other, common);
});

test('without a certificate, with oneself, or with a key that anybody could know there is nothing in common', () => {
  const keys = { own: ann, of: (peer: string) => (peer === CEM ? new Uint8Array(32) : PUBLIC.get(peer)) };
  const pairs = keysOf(ANN, ann, { keys });
  assert.equal(pairs.of('00'.repeat(16)), undefined);
  assert.equal(pairs.of(ANN), undefined);
  assert.equal(pairs.of(CEM), undefined);
});

test('a key is agreed once, again after a certificate with another key, and forgotten with the certificate', () => {
  let agreed = 0;
  const provider = {
    ...node,
    agree(secret: Uint8Array, publicKey: Uint8Array) {
      agreed++;
      return node.agree(secret, publicKey);
    },
  };
  const known = new Map(PUBLIC);
  const pairs = keysOf(ANN, ann, { provider, keys: { own: ann, of: (peer) => known.get(peer) } });
  const first = hexOf(pairs, BEN);
  assert.equal(hexOf(pairs, BEN), first);
  assert.equal(agreed, 1);
  known.set(BEN, cem.publicKey);
  assert.notEqual(hexOf(pairs, BEN), first);
  assert.equal(agreed, 2);
  known.delete(BEN);
  assert.equal(pairs.of(BEN), undefined);
  assert.equal(pairs.size, 0);
});

test('only so many keys are kept, those that were used last', () => {
  const pairs = keysOf(ANN, ann, { pairsMax: 2, keys: { own: ann, of: () => ben.publicKey } });
  for (const byte of ['01', '02', '01', '03']) pairs.of(byte.repeat(16));
  assert.equal(pairs.size, 2);
  const kept = pairs.of('01'.repeat(16));
  pairs.of('03'.repeat(16));
  assert.equal(pairs.of('01'.repeat(16)), kept);
});

test('a cluster name that no datagram could carry is refused', () => {
  for (const cluster of ['', 'x'.repeat(65)])
    assert.throws(() => keysOf(ANN, ann, { cluster }), /cluster name: expected 1 to 64 bytes/);
});
