import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseFile } from '#runtime/storage/lease-file.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const PATH = '/data/leases.json';
const KEPT = Uint8Array.of(1, 2, 250);
const fileOn = (files: FailingDisk) => new LeaseFile({ files, directory: '/data' });

test('a new node has promised nothing, and its file says so from then on', async () => {
  const disk = new FailingDisk();
  assert.deepEqual(await fileOn(disk).load('new'), { kept: 'fresh' });
  assert.deepEqual(await fileOn(disk).load('known'), { kept: 'fresh' });
  assert.equal(await disk.modeOf(PATH), 0o600);
});

test('what was kept comes back', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  assert.deepEqual(await fileOn(disk).load('known'), { kept: KEPT });
});

test('a node that has lived before and finds no file has lost what it promised', async () => {
  const disk = new FailingDisk();
  assert.deepEqual(await fileOn(disk).load('known'), { kept: 'lost' });
  assert.deepEqual(await fileOn(disk).load('known'), { kept: 'lost' });
});

test('a file torn at any byte is set aside and counts as lost, with a notice', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  const whole = (await disk.read(PATH)) as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    const torn = new FailingDisk();
    torn.put(PATH, whole.slice(0, length));
    const { kept, notice } = await fileOn(torn).load('known');
    assert.deepEqual([kept, notice?.code], ['lost', 'leases-lost']);
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
  }
});
