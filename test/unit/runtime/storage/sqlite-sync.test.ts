import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { SqliteStore, sqlitePlace } from '#runtime/storage/sqlite-store.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { StoreError } from '#runtime/storage/table-store.ts';
import { ABOUT, ANN, keptEntry, keptOwner, rowsOf } from '../../../support/stored-rows.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const TIMES = new StoreTimes(ABOUT, { machineBoot: 'm1', bootMs: 6_000 });
const ROWS = rowsOf([keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2))], TIMES);
const isRefused = (error: unknown) => error instanceof StoreError && error.kind === 'refused';

/** The rows that a start finds. */
async function rowsIn(directory: string): Promise<number> {
  const store = await sqlitePlace(directory).open();
  const { rows } = store.load();
  store.close();
  return rows.length;
}

/** What is in the file itself, its log lost. */
async function rowsAtHome(directory: string, scratch: string): Promise<number> {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  cpSync(`${directory}/state.db`, `${scratch}/state.db`);
  return rowsIn(scratch);
}

test('what the cache still shows after a failed synchronisation is brought home before it counts', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = `${directory}/state.db`;
  let fails = true;
  const store = await SqliteStore.open(path, {
    datasync: async () => {
      if (fails) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    },
  });
  store.commit({ about: ABOUT, put: ROWS, remove: [] });
  await assert.rejects(store.sync(), (error: unknown) => isRefused(error) && /EIO/.test(String(error)));
  // SQLite finds the failure too when it closes, and leaves the log.
  const [home, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
  store.close();
  writeFileSync(path, home);
  writeFileSync(`${path}-wal`, log);
  fails = false;
  const again = await SqliteStore.open(path);
  assert.equal(again.load().rows.length, ROWS.length);
  await again.sync();
  // The power goes, and the log ends where the medium didn't take it.
  assert.equal(await rowsAtHome(directory, `${directory}/scratch`), ROWS.length);
  again.close();
});

test('a long log is brought home by the thread pool, and closing a settled store leaves nothing to wait for', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = `${directory}/state.db`;
  const waitedFor: string[] = [];
  const store = await SqliteStore.open(path, {
    datasync: async (file, which) => {
      waitedFor.push(which.slice(directory.length + 1));
      await file.datasync();
    },
  });
  for (let turn = 0; turn < 30; turn++) {
    store.commit({ about: ABOUT, put: ROWS, remove: Array.from({ length: 100 }, (_, i) => 1_000 + 4 * i) });
    await store.sync();
  }
  assert.deepEqual([...new Set(waitedFor)], ['state.db-wal', 'state.db']);
  assert.equal(waitedFor.filter((which) => which === 'state.db').length, 1);
  store.commit({ about: ABOUT, put: ROWS.slice(1), remove: [ROWS[0]!.id] });
  await store.settle();
  assert.equal(waitedFor.at(-1), 'state.db');
  assert.equal(await rowsAtHome(directory, `${directory}/scratch`), ROWS.length - 1);
  store.close();
  assert.ok(!existsSync(`${path}-wal`));
});

test('a log stays until what was copied from it is on the medium, and is copied again by the next opening', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = `${directory}/state.db`;
  const store = await SqliteStore.open(path, {
    datasync: async (file, which) => {
      if (which === path) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
      await file.datasync();
    },
  });
  const before = readFileSync(path);
  store.commit({ about: ABOUT, put: ROWS, remove: [] });
  await assert.rejects(store.settle(), isRefused);
  assert.throws(() => store.commit({ about: ABOUT, put: ROWS, remove: [] }), isRefused);
  store.close();
  assert.ok(existsSync(`${path}-wal`), 'the log stays');
  // None of what was copied came to the medium.
  writeFileSync(path, before);
  assert.equal(await rowsIn(directory), ROWS.length);
});
