import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChecked } from '#runtime/storage/checked-json.ts';
import { readOldRecords } from '#runtime/storage/old-records.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';

const PATH = '/data/records.json';
const SCHEMA = 'gridvine.own-records/1';

function diskWith(bytes: Uint8Array): FailingDisk {
  const disk = new FailingDisk();
  disk.put(PATH, bytes);
  return disk;
}

test('records of release 0.1 are read with value, unit, quality and priority', async () => {
  const body = [
    { key: 'limit', value: 3_000, unit: 'W', quality: 'good', priority: 'urgent' },
    { key: 'big', value: { $int: '1152921504606846976' } },
  ];
  const { records, notice } = await readOldRecords(diskWith(encodeChecked(SCHEMA, body)), '/data');
  assert.equal(notice, undefined);
  assert.deepEqual(records, [
    { key: 'limit', value: 3_000, unit: 'W', quality: 'good', priority: 'urgent' },
    { key: 'big', value: 2n ** 60n },
  ]);
});

test('records that a newer or foreign program wrote wrongly are left out one by one', async () => {
  const body = [
    { key: 'a', value: 1 },
    { key: 2, value: 1 },
    null,
    { key: 'b' },
    { key: 'c', value: { $int: 'x' } },
  ];
  const { records } = await readOldRecords(diskWith(encodeChecked(SCHEMA, body)), '/data');
  assert.deepEqual(records, [{ key: 'a', value: 1 }]);
});

// B-136
test('a file torn at any byte is set aside with a notice, and one that is not there is nothing', async () => {
  const bytes = encodeChecked(SCHEMA, [{ key: 'mode', value: 'eco' }]);
  for (let length = 0; length < bytes.length; length++) {
    const disk = diskWith(bytes.slice(0, length));
    const { records, notice } = await readOldRecords(disk, '/data');
    assert.equal(records, undefined);
    assert.match(notice?.text ?? '', /set aside/);
    assert.deepEqual([...disk.files.keys()], [`${PATH}.corrupt-1`]);
  }
  assert.deepEqual(await readOldRecords(new FailingDisk(), '/data'), { records: undefined, sum: '' });
});

test('a whole file whose content is no list is set aside like a torn one', async () => {
  for (const body of [null, {}, 'x', 3]) {
    const disk = diskWith(encodeChecked(SCHEMA, body));
    const { records, notice } = await readOldRecords(disk, '/data');
    assert.equal(records, undefined);
    assert.match(notice?.text ?? '', /set aside/);
  }
});

test('what is taken over has a sum of its own', async () => {
  const sumOf = async (value: number) =>
    (await readOldRecords(diskWith(encodeChecked(SCHEMA, [{ key: 'a', value }])), '/data')).sum;
  assert.equal(await sumOf(1), await sumOf(1));
  assert.notEqual(await sumOf(1), await sumOf(2));
});
