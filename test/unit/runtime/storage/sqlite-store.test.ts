import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { SqliteStore, sqlitePlace } from '#runtime/storage/sqlite-store.ts';
import { StoreTimes } from '#runtime/storage/store-times.ts';
import { tableOfRows } from '#runtime/storage/stored-table.ts';
import { type StoreContent, StoreError } from '#runtime/storage/table-store.ts';
import { ABOUT, ANN, BEN, keptEntry, keptOwner, rowsOf } from '../../../support/stored-rows.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const TIMES = new StoreTimes(ABOUT, { machineBoot: 'm1', bootMs: 6_000 });
const OLD = rowsOf(
  [keptOwner(ANN, 2, keptEntry('a', 1), keptEntry('b', 2)), keptOwner(BEN, 1, keptEntry('c', 1))],
  TIMES,
);
const NEW = rowsOf(
  [keptOwner(ANN, 4, keptEntry('a', 3), keptEntry('b', 4)), keptOwner(BEN, 2, keptEntry('c', 2))],
  TIMES,
);

/** In memory where there is such a place: these tests open thousands of files. */
async function quickDirectory(t: TestContext): Promise<string> {
  if (!existsSync('/dev/shm')) return temporaryDirectory(t);
  const path = await mkdtemp('/dev/shm/gridvine-test-');
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function contentOf(directory: string): Promise<StoreContent> {
  const store = await sqlitePlace(directory).open();
  try {
    return store.load();
  } finally {
    store.close();
  }
}

/** A store whose old content is home, and whose new one is in the log. */
async function storeWithLog(directory: string) {
  const path = `${directory}/state.db`;
  const first = await SqliteStore.open(path);
  first.commit({ about: ABOUT, put: OLD, remove: [] });
  first.close();
  const before = readFileSync(path);
  const second = await SqliteStore.open(path);
  second.load();
  second.commit({ about: { ...ABOUT, lastMs: 6_000 }, put: NEW, remove: [] });
  const log = readFileSync(`${path}-wal`);
  second.close();
  return { before, log, after: readFileSync(path), path };
}

test('what was committed comes back as it was, and nobody else may read it', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = `${directory}/state.db`;
  const store = await SqliteStore.open(path);
  assert.deepEqual(store.load(), { about: undefined, rows: [], damagedRows: 0 });
  const signed = rowsOf(
    [
      keptOwner(
        ANN,
        1,
        keptEntry('a', 1, {
          signature: new Uint8Array(64).fill(9),
          expired: true,
          ageBoundMs: null,
          setAtMs: -5,
        }),
      ),
    ],
    TIMES,
  );
  store.commit({ about: ABOUT, put: signed, remove: [] });
  await store.sync();
  for (const name of [path, `${path}-wal`]) assert.equal(statSync(name).mode & 0o777, 0o600);
  store.close();
  store.close();
  assert.deepEqual(await contentOf(directory), { about: ABOUT, rows: signed, damagedRows: 0 });
});

test('rows are replaced by number, and removed', async (t) => {
  const directory = await quickDirectory(t);
  const store = await SqliteStore.open(`${directory}/state.db`);
  store.commit({ about: ABOUT, put: OLD, remove: [] });
  const [first, second, ...others] = OLD;
  store.commit({ about: ABOUT, put: [{ ...second!, version: 77 }], remove: [first!.id] });
  store.close();
  const { rows } = await contentOf(directory);
  assert.deepEqual(rows, [{ ...second!, version: 77 }, ...others]);
});

// B-136
test('a log cut at any byte gives the old content whole, or the new', async (t) => {
  const directory = await quickDirectory(t);
  const { before, log, path } = await storeWithLog(directory);
  const seen = new Set<string>();
  for (let length = 0; length <= log.length; length++) {
    writeFileSync(path, before);
    writeFileSync(`${path}-wal`, log.subarray(0, length));
    const { rows, damagedRows, about } = await contentOf(directory);
    assert.equal(damagedRows, 0);
    const which = about?.lastMs === 6_000 ? 'new' : 'old';
    assert.deepEqual(rows, which === 'new' ? NEW : OLD, `cut at ${length} of ${log.length}`);
    seen.add(which);
  }
  assert.deepEqual([...seen], ['old', 'new']);
});

test('a log with a sector that never reached the medium gives the old content whole, or the new', async (t) => {
  const directory = await quickDirectory(t);
  const { before, log, path } = await storeWithLog(directory);
  for (let at = 0; at < log.length; at += 512) {
    const torn = Buffer.from(log);
    torn.fill(0, at, Math.min(at + 512, torn.length));
    writeFileSync(path, before);
    writeFileSync(`${path}-wal`, torn);
    const { rows, about } = await contentOf(directory);
    assert.deepEqual(rows, about?.lastMs === 6_000 ? NEW : OLD);
  }
});

test('bringing the log home may end at any byte: the log still has it all', async (t) => {
  const directory = await quickDirectory(t);
  const { before, log, after, path } = await storeWithLog(directory);
  assert.notDeepEqual(before, after);
  for (let length = 0; length <= after.length; length += 16) {
    const longer = Buffer.alloc(Math.max(length, before.length));
    before.copy(longer);
    after.copy(longer, 0, 0, length);
    writeFileSync(path, longer);
    writeFileSync(`${path}-wal`, log);
    assert.deepEqual((await contentOf(directory)).rows, NEW, `cut at ${length}`);
  }
});

test('no changed byte gives a record that nobody said', async (t) => {
  const directory = await quickDirectory(t);
  const { after, path } = await storeWithLog(directory);
  const whole = tableOfRows(NEW, TIMES);
  let noticed = 0;
  for (let at = 0; at < after.length; at += 3) {
    const changed = Buffer.from(after);
    changed[at] = (changed[at] as number) ^ (1 << (at % 8));
    writeFileSync(path, changed);
    await rm(`${path}-wal`, { force: true });
    try {
      const { rows, damagedRows } = await contentOf(directory);
      const { others, damagedOwners } = tableOfRows(rows, TIMES);
      for (const owner of others)
        assert.deepEqual(
          owner,
          whole.others.find((other) => other.owner === owner.owner),
          `byte ${at}`,
        );
      if (others.length < whole.others.length) {
        noticed++;
        assert.ok(damagedRows + damagedOwners > 0 || rows.length === 0, `byte ${at}`);
      }
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error));
      assert.equal(error.kind, 'damaged', `byte ${at}: ${error.reason}`);
      noticed++;
    }
  }
  assert.ok(noticed > 100, `${noticed}`);
});

test('a file that is no store is damaged, and is moved out of the way', async (t) => {
  const directory = await quickDirectory(t);
  const path = `${directory}/state.db`;
  const isDamaged = (error: unknown) => error instanceof StoreError && error.kind === 'damaged';
  writeFileSync(path, 'not a database, but long enough to be looked at '.repeat(40));
  await assert.rejects(sqlitePlace(directory).open(), isDamaged);
  assert.equal(await sqlitePlace(directory).setAside(), `${path}.corrupt-1`);
  assert.ok(existsSync(`${path}.corrupt-1`) && !existsSync(path) && !existsSync(`${path}-wal`));
  const schemas = [
    'CREATE TABLE other (x); PRAGMA user_version = 1',
    'PRAGMA user_version = 99',
    'CREATE TABLE about (id, body); CREATE TABLE entry (id); CREATE TRIGGER t AFTER DELETE ON entry BEGIN SELECT 1; END; PRAGMA user_version = 1',
    'CREATE TABLE about (id, body); CREATE VIEW entry AS SELECT 1 AS id; PRAGMA user_version = 1',
  ];
  for (const schema of schemas) {
    const foreign = new DatabaseSync(path);
    foreign.exec(schema);
    foreign.close();
    await assert.rejects(sqlitePlace(directory).open(), isDamaged);
    await rm(path);
  }
});

test('a place that takes nothing refuses, and says why', async (t) => {
  const directory = await quickDirectory(t);
  await assert.rejects(sqlitePlace(`${directory}/nowhere`).open(), (error: unknown) => {
    assert.ok(error instanceof StoreError);
    assert.deepEqual([error.kind, error.reason], ['refused', 'ENOENT']);
    return true;
  });
});

test('a number that no program of ours wrote costs its row, and not the store', async (t) => {
  const directory = await quickDirectory(t);
  const path = `${directory}/state.db`;
  const store = await SqliteStore.open(path);
  store.commit({ about: ABOUT, put: OLD, remove: [] });
  store.close();
  const other = new DatabaseSync(path);
  other.exec('UPDATE entry SET version = 9223372036854775807 WHERE id = (SELECT min(id) FROM entry)');
  other.close();
  const { rows, damagedRows, about } = await contentOf(directory);
  assert.deepEqual([rows.length, damagedRows, about], [OLD.length - 1, 1, ABOUT]);
  const mending = await SqliteStore.open(path);
  mending.load();
  mending.commit({ about: ABOUT, put: [], remove: [] });
  mending.close();
  assert.equal((await contentOf(directory)).damagedRows, 0);
});

test('of damaged stores the first and the last are kept', async (t) => {
  const directory = await quickDirectory(t);
  for (const content of ['first', 'second', 'third', 'last']) {
    writeFileSync(`${directory}/state.db`, content);
    await sqlitePlace(directory).setAside();
  }
  assert.deepEqual(readdirSync(directory).sort(), ['state.db.corrupt-1', 'state.db.corrupt-2']);
  assert.equal(readFileSync(`${directory}/state.db.corrupt-1`, 'utf8'), 'first');
  assert.equal(readFileSync(`${directory}/state.db.corrupt-2`, 'utf8'), 'last');
});

test('a link in the place of the store is refused, and what it leads to is left alone', async (t) => {
  const directory = await quickDirectory(t);
  const target = `${directory}/elsewhere`;
  writeFileSync(target, 'of somebody else', { mode: 0o644 });
  symlinkSync(target, `${directory}/state.db`);
  const isRefused = (error: unknown) => error instanceof StoreError && error.kind === 'refused';
  await assert.rejects(sqlitePlace(directory).open(), isRefused);
  assert.equal(statSync(target).mode & 0o777, 0o644);
  assert.equal(readFileSync(target, 'utf8'), 'of somebody else');
});
