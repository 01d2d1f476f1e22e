import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReservedKey, isSecretKey } from '#runtime/core/reserved-keys.ts';

// [P-10.10]
test('what lies under sys/ is secret and reserved, node and accusations are reserved, the rest is free', () => {
  const table = [
    ['sys/keyring', true, true],
    ['sys/key/1122334455667788', true, true],
    ['sys/', true, true],
    ['node', false, true],
    ['accuse/0', false, true],
    ['system/cpu', false, false],
    ['node/x', false, false],
    ['a/sys/b', false, false],
  ] as const;
  for (const [key, secret, reserved] of table)
    assert.deepEqual([isSecretKey(key), isReservedKey(key)], [secret, reserved], key);
});
