import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { filePlace } from '#runtime/storage/file-place.ts';
import { sumOfRow } from '#runtime/storage/row-sum.ts';
import { SqliteStore } from '#runtime/storage/sqlite-store.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { tableOfRows } from '#runtime/storage/stored-table.ts';
import { TableMirror } from '#runtime/storage/table-mirror.ts';
import { FailingDisk } from '../../../support/failing-disk.ts';
import { ABOUT, ANN, BEN, keptEntry, keptOwner, rowsOf, SELF } from '../../../support/stored-rows.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const TIMES = new StoreTimes(undefined, { machineBoot: 'm1', bootMs: 0 });
const CONTENT = Uint8Array.from({ length: 16_384 }, (_, i) => i % 251);
const FILLED = keptEntry('plan', 2, { content: CONTENT });

test('a value that travelled apart is in the store with its record, and a changed byte of it shows', async (t) => {
  const store = await SqliteStore.open(join(await temporaryDirectory(t), 'state.db'));
  t.after(() => store.close());
  const put = rowsOf([keptOwner(ANN, 2, FILLED, keptEntry('mode', 1))], TIMES);
  store.commit({ about: ABOUT, put, remove: [] });
  const { rows, damagedRows } = store.load();
  assert.equal(damagedRows, 0);
  const [owner] = tableOfRows(rows, TIMES).others;
  const contents = [...owner.entries].map(({ key, content }) => [key, content?.length]);
  assert.deepEqual(contents.sort(), [
    ['mode', undefined],
    ['plan', CONTENT.length],
  ]);
  const row = rows.find(({ key }) => key === 'plan')!;
  assert.deepEqual(row.content, CONTENT);
  const changed = { ...row, content: CONTENT.map((byte, i) => (i === 9_000 ? byte ^ 1 : byte)) };
  assert.notEqual(sumOfRow(changed), sumOfRow(row));
});

test('a store from before values travelled apart is taken on, and keeps them from then on', async (t) => {
  for (const change of ['ALTER TABLE entry DROP COLUMN content; ', '']) {
    const directory = await temporaryDirectory(t);
    const path = `${directory}/state.db`;
    const before = rowsOf([keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2))], TIMES);
    const first = await SqliteStore.open(path);
    first.commit({ about: ABOUT, put: before, remove: [] });
    first.close();
    const old = new DatabaseSync(path);
    old.exec(`${change}PRAGMA user_version = 1`);
    old.close();
    const store = await SqliteStore.open(path);
    assert.deepEqual(store.load(), { about: ABOUT, rows: before, damagedRows: 0 });
    const long = rowsOf([keptOwner(BEN, 2, FILLED)], TIMES);
    const put = long.map((row) => ({ ...row, id: row.id + before.length }));
    store.commit({ about: ABOUT, put, remove: [] });
    store.close();
    const again = await SqliteStore.open(path);
    assert.deepEqual(again.load().rows, [...before, ...put]);
    again.close();
  }
});

test('a value that comes after its record is written then', () => {
  const empty = keptEntry('plan', 2);
  const mirror = new TableMirror(rowsOf([keptOwner(ANN, 2, empty)], TIMES));
  const wanted = (entry: typeof empty) => ({
    changed: [keptOwner(ANN, 2, entry)],
    holds: () => true,
    self: SELF,
    ownKeys: new Set<string>(),
  });
  assert.deepEqual(mirror.difference(wanted(empty), TIMES).put, []);
  const { put } = mirror.difference(wanted(FILLED), TIMES);
  assert.deepEqual(
    put.filter(({ key }) => key === 'plan').map(({ content }) => content?.length),
    [16_384],
  );
  mirror.apply({ put, remove: [] });
  assert.deepEqual(mirror.difference(wanted(FILLED), TIMES).put, []);
});

test('a value that travelled apart is kept in the files of another platform', async () => {
  const place = filePlace(new FailingDisk(), '/data');
  const put = rowsOf([keptOwner(ANN, 2, FILLED, keptEntry('mode', 1))], TIMES);
  const store = await place.open();
  store.commit({ about: ABOUT, put, remove: [] });
  await store.sync();
  assert.deepEqual((await place.open()).load().rows, put);
});

test('long values count with their bytes: in what a write costs, and in how much is written at once', async (t) => {
  const store = await SqliteStore.open(join(await temporaryDirectory(t), 'state.db'));
  t.after(() => store.close());
  const cost = (entry: typeof FILLED) =>
    store.commit({ about: ABOUT, put: rowsOf([keptOwner(ANN, 2, entry)], TIMES), remove: [] });
  const short = cost(keptEntry('plan', 2));
  const long = cost(FILLED);
  assert.ok(long >= short + CONTENT.length, `${long} bytes after ${short}`);

  const owners = Array.from({ length: 20 }, (_, i) => keptOwner((i + 16).toString(16).repeat(16), 2, FILLED));
  const wanted = { changed: owners, holds: () => true, self: SELF, ownKeys: new Set<string>() };
  const { owners: atOnce, put } = new TableMirror([]).difference(wanted, TIMES);
  assert.ok(atOnce >= 2 && atOnce < 10, `${atOnce} owners`);
  assert.equal(put.length, 2 * atOnce);
});
