import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyringFile } from '#runtime/storage/keyring-file.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const PATH = '/data/keyring.json';
const KEPT = Uint8Array.of(1, 2, 250);
const fileOn = (files: FailingDisk) => new KeyringFile({ files, directory: '/data' });

test('kept keys come back, and nobody else may read them', async () => {
  const disk = new FailingDisk();
  assert.deepEqual(await fileOn(disk).load(), {});
  await fileOn(disk).save(KEPT);
  assert.deepEqual(await fileOn(disk).load(), { kept: KEPT });
  assert.equal(await disk.modeOf(PATH), 0o600);
});

test('a file torn at any byte is set aside, with a notice', async () => {
  const disk = new FailingDisk();
  await fileOn(disk).save(KEPT);
  const whole = (await disk.read(PATH)) as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    const torn = new FailingDisk();
    torn.put(PATH, whole.slice(0, length));
    const { kept, notice } = await fileOn(torn).load();
    assert.equal(kept, undefined);
    assert.equal(notice?.code, 'keyring-damaged');
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
  }
});
