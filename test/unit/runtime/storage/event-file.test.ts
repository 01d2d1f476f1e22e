import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFile } from '#runtime/storage/event-file.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const PATH = '/data/events.json';
const KEPT = Uint8Array.of(1, 2, 250);
const fileOn = (files: FailingDisk) => new EventFile({ files, directory: '/data' });

test('a node without the file has delivered nothing that it knows of', async () => {
  assert.deepEqual(await fileOn(new FailingDisk()).load(), {});
});

test('what was kept comes back, readable by its owner alone', async () => {
  const disk = new FailingDisk();
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
    assert.deepEqual([kept, notice?.code], [undefined, 'events-forgotten']);
    assert.deepEqual([...torn.files.keys()], [`${PATH}.corrupt-1`]);
  }
});
