import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeysView } from '#runtime/core/key-views.ts';
import { keyHealth } from '#runtime/driver/key-health.ts';

const OLD = '11'.repeat(8);
const NEW = '22'.repeat(8);

function view(changes: Partial<KeysView>, writes = NEW): KeysView {
  const self = {
    id: 'ab'.repeat(16),
    name: 'roof',
    state: 'alive',
    told: true,
    reads: [writes],
    writes,
  } as const;
  return { use: NEW, keys: [], members: [self], waiting: [], saving: false, ...changes };
}

const codes = (keys: KeysView, configured: string) =>
  [...keyHealth(keys, configured)].map(([code, { severity }]) => `${code} ${severity}`);

test('a key file with the removed key is a warning that names the key and the next step', () => {
  const removed = view({ keys: [{ fingerprint: OLD, state: 'removed', held: false }] });
  assert.deepEqual(codes(removed, OLD), ['key-file-outdated warning']);
  const text = keyHealth(removed, OLD).get('key-file-outdated')?.text ?? '';
  assert.match(text, new RegExp(`${OLD}.*${NEW}`));
});

test('a key file with the key of before is a hint while that is still read', () => {
  assert.deepEqual(codes(view({ keys: [{ fingerprint: OLD, state: 'installed', held: true }] }), OLD), [
    'key-file-outdated info',
  ]);
});

test('nothing is said where the key file is in step, or nobody ever changed a key', () => {
  assert.deepEqual(codes(view({}), NEW), []);
  assert.deepEqual(codes(view({ use: null }, OLD), OLD), []);
});

test('an install that is not followed says why', () => {
  for (const reason of ['full', 'sealed', 'stamp'] as const) {
    const waiting = [{ fingerprint: OLD, reason }];
    assert.deepEqual(codes(view({ waiting }), NEW), ['key-not-followed warning']);
  }
});
