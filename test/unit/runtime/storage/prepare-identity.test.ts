import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootCounter } from '#runtime/storage/boot-counter.ts';
import { loadSeed } from '#runtime/storage/identity-file.ts';
import { LeaseFile } from '#runtime/storage/lease-file.ts';
import { prepareIdentity } from '#runtime/storage/prepare-identity.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const SEED = new Uint8Array(32).fill(9);

test('an identity made before the first start is whole: that start misses nothing', async () => {
  const place = { files: new FailingDisk(), directory: '/data' };
  assert.equal(await loadSeed(place), undefined);
  assert.deepEqual(await prepareIdentity({ ...place, randomBytes: () => SEED }), {
    seed: SEED,
    created: true,
  });
  assert.deepEqual(await loadSeed(place), SEED);
  const { boot, notices } = await new BootCounter(place).advance('known');
  assert.deepEqual([boot, notices], [2, []]);
});

test('one that is there stays, and its lives are not counted', async () => {
  const place = { files: new FailingDisk(), directory: '/data' };
  await prepareIdentity({ ...place, randomBytes: () => SEED });
  const { writes } = place.files;
  const again = await prepareIdentity({ ...place, randomBytes: () => new Uint8Array(32) });
  assert.deepEqual(again, { seed: SEED, created: false });
  assert.equal(place.files.writes, writes);
});

test('a seed that others may read is refused', async () => {
  const place = { files: new FailingDisk(), directory: '/data' };
  await prepareIdentity({ ...place, randomBytes: () => SEED });
  const file = await place.files.read('/data/identity.json');
  place.files.put('/data/identity.json', file as Uint8Array, 0o644);
  await assert.rejects(loadSeed(place), { code: 'E_IDENTITY', message: /expected mode 0600/ });
});

test('a prepared board has promised nothing on leases, and may vote from its first start on', async () => {
  const place = { files: new FailingDisk(), directory: '/data' };
  await prepareIdentity({ ...place, randomBytes: () => SEED });
  assert.equal((await new LeaseFile(place).load('known')).kept, 'fresh');
});
