import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import { judgedAge } from '#runtime/data/record-age.ts';

const NOW = 100_000;
const version = makeVersion(2, 1);

test('[P-5.18] of what was set before its owner began to count, the age is a lower bound', () => {
  const claimed = { setAtMs: NOW - 500, ageBoundMs: 4 };
  assert.deepEqual(judgedAge(undefined, 'a1', { version, uptimeMs: 0 }, claimed, NOW), {
    setAtMs: NOW - 500,
    ageBoundMs: null,
  });
  assert.deepEqual(judgedAge(undefined, 'a1', { version, uptimeMs: 1 }, claimed, NOW), claimed);
  assert.deepEqual(judgedAge(undefined, 'a1', { version }, claimed, NOW), claimed);
});
