import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildInfo } from '#device/build-info.ts';

test('run from source, the version is that of package.json, and the target says so', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.deepEqual(buildInfo(), {
    version: manifest.version,
    commit: 'source',
    target: 'source',
    node: process.versions.node,
  });
});
