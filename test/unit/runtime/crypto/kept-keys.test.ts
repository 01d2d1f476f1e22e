import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { decodeKeptKeys, encodeKeptKeys, startingKeys } from '#runtime/crypto/kept-keys.ts';
import { KeySet } from '#runtime/crypto/key-set.ts';
import { KeyState } from '#runtime/crypto/key-state.ts';
import { fingerprintOfByte, namedKeyOf } from '../../../support/keys.ts';
import { provider } from '../../../support/wire.ts';

const BY = 'ab'.repeat(16);
const [ONE, TWO, THREE] = [1, 2, 3].map(namedKeyOf);

/** After a rotation from key 1 to key 2. */
function rotated(): KeySet {
  const state = KeyState.of(
    [
      { fingerprint: TWO.fingerprint, stamp: { lamport: 1, by: BY }, state: 'installed' },
      { fingerprint: ONE.fingerprint, stamp: { lamport: 3, by: BY }, state: 'removed' },
    ],
    { fingerprint: TWO.fingerprint, stamp: { lamport: 2, by: BY } },
  );
  return KeySet.settle(state, ONE, [ONE, TWO]);
}

test('kept keys survive, and show in no text', () => {
  const keys = rotated();
  const kept = encodeKeptKeys(keys);
  assert.equal(inspect(kept), '[redacted]');
  const back = decodeKeptKeys(provider, kept.reveal());
  assert.deepEqual(back?.fingerprints, [TWO.fingerprint]);
  assert.deepEqual(back?.state.changes, keys.state.changes);
  assert.deepEqual(back?.state.use, keys.state.use);
  assert.ok(back?.writing.key.key.equals(TWO.key.key));
});

test('bytes that make no sense are refused', () => {
  const whole = JSON.parse(new TextDecoder().decode(encodeKeptKeys(rotated()).reveal())) as object;
  const bad: unknown[] = [
    null,
    [],
    'text',
    {},
    { ...whole, writes: ONE.fingerprint },
    { ...whole, keys: [] },
    { ...whole, keys: ['00'] },
    { ...whole, keys: Array(9).fill('00'.repeat(32)) },
    { ...whole, use: { fingerprint: 'x', stamp: { lamport: 1, by: BY } } },
    { ...whole, use: { fingerprint: TWO.fingerprint, stamp: { lamport: 0, by: BY } } },
    { ...whole, use: { fingerprint: TWO.fingerprint, stamp: { lamport: 2, by: [BY] } } },
    { ...whole, use: undefined },
    { ...whole, changes: [{ fingerprint: TWO.fingerprint, stamp: { lamport: 1, by: BY }, state: 'other' }] },
  ];
  for (const body of bad) {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    assert.equal(decodeKeptKeys(provider, bytes), undefined, JSON.stringify(body));
  }
  assert.equal(decodeKeptKeys(provider, Uint8Array.of(0xff, 0x7b)), undefined);
});

test('without kept keys the key file is all there is', () => {
  const { keys, standing } = startingKeys(undefined, ONE);
  assert.deepEqual([keys.fingerprints, standing, keys.isPlain], [[ONE.fingerprint], 'held', true]);
});

test('a key file with a key that the cluster removed is not written with, nor read with', () => {
  const { keys, standing } = startingKeys(rotated(), ONE);
  assert.deepEqual([keys.fingerprints, standing], [[TWO.fingerprint], 'removed']);
});

test('a key file with a key that is held changes nothing', () => {
  const kept = rotated();
  assert.equal(startingKeys(kept, TWO).keys, kept);
});

test('a key file with a key that nobody spoke of is what a person gave: it is written with, the others are read', () => {
  const { keys, standing } = startingKeys(rotated(), THREE);
  assert.deepEqual([keys.fingerprints, standing], [[THREE.fingerprint, TWO.fingerprint], 'new']);
  assert.equal(keys.state.use, undefined);
  assert.equal(keys.state.wants(ONE.fingerprint), false);
});

test('the key that is written with, and the one that is named, outlive their removal', () => {
  const stamp = { lamport: 9, by: BY };
  const removeAll = (keys: KeySet) =>
    [1, 2].reduce(
      (set, byte) =>
        set.withState(set.state.with({ fingerprint: fingerprintOfByte(byte), stamp, state: 'removed' })),
      keys,
    );
  assert.deepEqual(removeAll(KeySet.of(ONE, [TWO])).fingerprints, [ONE.fingerprint]);
  const named = KeySet.of(ONE, [TWO]).withState(
    KeyState.empty.withUse({ fingerprint: TWO.fingerprint, stamp }),
  );
  assert.deepEqual(removeAll(named).fingerprints, [TWO.fingerprint]);
});
