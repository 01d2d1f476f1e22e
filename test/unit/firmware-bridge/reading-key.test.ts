import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyFault } from '#bridge/reading-key.ts';

test('keys of letters, digits and a few signs in slash-separated segments are allowed', () => {
  for (const key of ['tank', 'tank/level', 'bat0.soc/cell-3', 'nodes/x', 'a'.repeat(128)]) {
    assert.equal(keyFault(key), undefined, key);
  }
});

test('keys that break a topic, a path or the engine are refused', () => {
  const bad = ['', '/', '/a', 'a/', 'a//b', 'a b', 'a/+', 'a/#', 'a\n', 'ä', '..', 'a/../b', 'a'.repeat(129)];
  for (const key of [...bad, 'node', 'node/x', 'accuse/0123', 'sys/key']) {
    assert.notEqual(keyFault(key), undefined, JSON.stringify(key));
  }
});
