import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataDir } from '#runtime/storage/data-dir.ts';
import { holdDirectory } from '../support/hold-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('the lock of a data directory counts across network namespaces', async (t) => {
  const path = await temporaryDirectory(t);
  const dataDir = await DataDir.open(path);
  t.after(() => dataDir.close());
  const { said } = await holdDirectory(t, path, { within: ['unshare', '-rn'] });
  assert.match(said, /^E_DATA_DIR_IN_USE /);
});
