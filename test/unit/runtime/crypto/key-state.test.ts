import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_CHANGES_MAX } from '#runtime/core/key-views.ts';
import { type KeyChange, KeyState } from '#runtime/crypto/key-state.ts';

const BY = 'ab'.repeat(16);

function change(lamport: number, state: KeyChange['state']): KeyChange {
  return { fingerprint: lamport.toString(16).padStart(16, '0'), stamp: { lamport, by: BY }, state };
}

test('[P-10.7] of too many operations the removals of longest ago are forgotten first, then installs', () => {
  let state = KeyState.empty;
  const installs = [1, 3, 5].map((lamport) => change(lamport, 'installed'));
  const removals = Array.from({ length: KEY_CHANGES_MAX }, (_, i) => change(2 * i + 2, 'removed'));
  for (const each of [...installs, ...removals]) state = state.with(each);
  assert.equal(state.changes.length, KEY_CHANGES_MAX);
  for (const { fingerprint } of installs) assert.ok(state.of(fingerprint));
  assert.deepEqual(
    removals.map(({ fingerprint }) => state.of(fingerprint) !== undefined),
    removals.map((_, i) => i >= installs.length),
  );
  for (let i = 0; i < KEY_CHANGES_MAX; i++) state = state.with(change(1_000 + i, 'installed'));
  assert.ok(state.changes.every(({ state: each, stamp }) => each === 'installed' && stamp.lamport >= 1_000));
});

test('which is forgotten does not depend on the order in which operations are heard', () => {
  const all = Array.from({ length: 30 }, (_, i) => change(i + 1, i % 3 === 0 ? 'installed' : 'removed'));
  const forward = all.reduce((state, each) => state.with(each), KeyState.empty);
  const backward = all.reduceRight((state, each) => state.with(each), KeyState.empty);
  const told = (state: KeyState) => state.changes.map(({ fingerprint }) => fingerprint).sort();
  assert.deepEqual(told(backward), told(forward));
});
