import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { BODY_BYTES_MAX, DATAGRAM_BYTES_MAX } from '#runtime/core/limits.ts';
import { OFFSET_COUNTER, OFFSET_SALT, readHeader } from '#runtime/wire/header.ts';
import { BEN, bodyOf, CLUSTER, keyring, keyringOf, PING, sealerOf } from '../../../support/wire.ts';

const body = bodyOf([PING]);

// B-123
test('[P-2.4] a sender counts its datagrams from 1 under its salt, whoever they are for', () => {
  const sealer = sealerOf();
  const datagrams = [sealer.sealTo(BEN, body), sealer.sealToAny(body), sealer.sealTo(BEN, body)];
  const headers = datagrams.map(readHeader);
  assert.deepEqual(
    headers.map((header) => header?.counter),
    [1, 2, 3],
  );
  for (const datagram of datagrams)
    assert.deepEqual(datagram.subarray(OFFSET_SALT, OFFSET_COUNTER), sealer.salt);
  assert.deepEqual(
    headers.map((header) => header?.kind),
    [1, 2, 1],
  );
  assert.equal(sealer.counter, 3);
});

test('[P-2.4] another writing key brings a new salt, the same key does not', () => {
  const sealer = sealerOf();
  const { salt } = sealer;
  sealer.sealToAny(body);
  sealer.useKeyring(keyringOf(1, 2));
  assert.deepEqual(sealer.salt, salt);
  assert.equal(readHeader(sealer.sealToAny(body))?.counter, 2);
  sealer.useKeyring(keyringOf(2, 1));
  assert.notDeepEqual(sealer.salt, salt);
  const header = readHeader(sealer.sealToAny(body));
  assert.equal(header?.counter, 1);
  assert.equal(header?.keyId, keyringOf(2).writing.id);
});

test('[P-3.3] any implementation of XChaCha20-Poly1305 opens it', () => {
  const datagram = sealerOf().sealTo(BEN, body);
  const name = new TextEncoder().encode(CLUSTER);
  const aad = Uint8Array.from([
    ...new TextEncoder().encode('gridvine/1'),
    name.length,
    ...name,
    ...datagram.subarray(0, 32),
    ...new Uint8Array(16).fill(0xbe),
  ]);
  const cipher = xchacha20poly1305(keyring.writing.key.reveal(), datagram.subarray(8, 32), aad);
  assert.deepEqual(cipher.decrypt(datagram.subarray(32)), body);
});

test('[P-3.1] the longest body fills a datagram; a longer one, an empty one, or a wrong id is refused', () => {
  const sealer = sealerOf();
  assert.equal(sealer.sealToAny(new Uint8Array(BODY_BYTES_MAX)).length, DATAGRAM_BYTES_MAX);
  assert.throws(() => sealer.sealToAny(new Uint8Array(BODY_BYTES_MAX + 1)), /body: expected 1 to 1152 bytes/);
  assert.throws(() => sealer.sealToAny(new Uint8Array(0)), /body: expected 1 to 1152 bytes/);
  assert.throws(() => sealer.sealTo('be', body), /expected a node id/);
  assert.equal(sealer.counter, 1);
});
