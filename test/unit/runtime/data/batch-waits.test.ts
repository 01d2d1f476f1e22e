import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerRecords } from '#runtime/data/owner-records.ts';
import type { RecordTable } from '#runtime/data/record-table.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { markOfKey } from '#runtime/wire/record-marks.ts';
import { stored, TestTable, v } from '../../../support/record-tables.ts';
import { ANN, BEN, provider } from '../../../support/wire.ts';

const LIMITS = { recordsPerOwnerMax: 1_200, bytesPerOwnerMax: 98_304 };
const MATES = Array.from({ length: 30 }, (_, i) => `m${i}`);
const WAITING = 256;

function put(table: RecordTable, sequence: number, record: Partial<RecordBody>, owner = ANN): void {
  const version = v(sequence);
  const { body } = stored({ ...record, version });
  const block = { owner, from: version - 1, to: version, gc: 0, items: [{ body, ageMs: 0 }] };
  assert.equal(table.merge(block, 0, null).refused, undefined);
}

/** Records of an owner each of which waits for one key that never comes, though there is something for 30 others. */
function letWait(table: RecordTable, owner = ANN): OwnerRecords {
  for (let i = 0; i < WAITING; i++) {
    const members = [`k${i}`, ...MATES, 'never'].map(markOfKey);
    put(table, 40 * (i + 1), { key: `k${i}`, batch: { index: 0, members } }, owner);
  }
  for (const [i, key] of MATES.entries()) put(table, 20_000 + i, { key }, owner);
  return table.owner(owner)!;
}

/** Counts how often records of an owner are looked for. */
function countLooks(records: OwnerRecords): () => number {
  let looks = 0;
  const { get } = records;
  records.get = (key) => {
    looks++;
    return get.call(records, key);
  };
  return () => looks;
}

test('[P-5.48] records that end together cost the same however many others wait', () => {
  const { table } = new TestTable(LIMITS);
  const records = letWait(table);
  const ending = 900;
  for (let i = 0; i < ending; i++) put(table, 30_000 + i, { key: `e${i}`, ttlMs: 5_000 });
  const looks = countLooks(records);
  table.expire(5_000);
  assert.equal(records.liveCount, WAITING + MATES.length);
  assert.ok(looks() <= 6 * ending, `${looks()} looks`);
});

test('[P-5.48] blocks without items look through nothing', () => {
  const { table } = new TestTable(LIMITS);
  const looks = countLooks(letWait(table));
  for (let i = 0; i < 45; i++) table.merge({ owner: ANN, from: v(1), to: v(1), gc: 0, items: [] }, 0, null);
  assert.equal(looks(), 0);
});

test('a value that comes is given to those who name it, and nobody else is looked at', () => {
  const { table } = new TestTable(LIMITS);
  const content = new Uint8Array(2_000);
  const large = { length: content.length, hash: provider.sha256(content) };
  const looks = countLooks(letWait(table));
  letWait(table, BEN);
  put(table, 30_000, { key: 'plan', value: null, large }, BEN);
  table.fill(large, content);
  assert.ok(table.owner(BEN)!.seen(table.owner(BEN)!.get('plan')!, 0)?.content);
  assert.equal(looks(), 0);
});

test('two records of one place of a batch keep each other from being seen, and nothing else', () => {
  const held = new TestTable(LIMITS);
  const { table } = held;
  const members = ['a', 'b'].map(markOfKey);
  put(table, 5, { key: 'a', batch: { index: 0, members } });
  put(table, 5, { key: 'x', batch: { index: 0, members: [markOfKey('x'), markOfKey('b')] } });
  put(table, 6, { key: 'b', batch: { index: 1, members } });
  assert.deepEqual(held.takeChanges(), ['put a@5', 'put b@6']);
  put(table, 9, { key: 'x' });
  assert.deepEqual(held.takeChanges(), ['put x@9']);
  assert.equal(table.heldCount, 0);
});

test('what leaves a batch that waits is waited for again, until something of its key is seen', () => {
  const held = new TestTable(LIMITS);
  const { table } = held;
  const members = ['a', 'b', 'c'].map(markOfKey);
  put(table, 5, { key: 'a', batch: { index: 0, members } });
  put(table, 6, { key: 'b', batch: { index: 1, members } });
  // Another batch takes its place, and waits itself.
  put(table, 9, { key: 'b', batch: { index: 0, members: ['b', 'd'].map(markOfKey) } });
  put(table, 7, { key: 'c', batch: { index: 2, members } });
  assert.deepEqual(held.takeChanges(), []);
  put(table, 10, { key: 'd', batch: { index: 1, members: ['b', 'd'].map(markOfKey) } });
  assert.deepEqual(held.takeChanges(), ['put a@5', 'put c@7', 'put b@9', 'put d@10']);
});
