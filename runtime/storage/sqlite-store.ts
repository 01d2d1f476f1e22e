import { closeSync, constants, existsSync, fchmodSync, fstatSync, openSync, renameSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { fromHex, NODE_ID_BYTES, toHex } from '../core/ids.ts';
import { asidePath } from './file-port.ts';
import { nodeFiles, syncDirectory } from './node-files.ts';
import { fileErrorCode } from './notice.ts';
import { sumOfRow } from './row-sum.ts';
import { decodeAbout, encodeAbout } from './store-about.ts';
import {
  type StoreBatch,
  type StoreContent,
  type StoredRow,
  StoreError,
  type TablePlace,
  type TableStore,
} from './table-store.ts';

/** The store's file in the data directory; its log lies beside it while it is open, and after a power cut. */
export const STORE_NAME = 'state.db';
const LOG_SUFFIX = '-wal';
const PRIVATE = 0o600;
const PAGE_BYTES = 1_024;
/** The log is brought home when it has about so many pages. */
const LOG_PAGES = 2_048;
/** Beside its log: where that stays while SQLite, which would remove it, closes. */
const STAYING = '.stay';
/** Rows of one commit that share a page, about. */
const ROWS_A_PAGE = 4;
/** The pages that each commit changes: what the store says of itself, and the nodes above its rows. */
const PAGES_A_COMMIT = 4;
const FORMAT = 2;
/** Without values that travel apart. */
const FORMAT_BEFORE = 1;

/** Our statements are well: where it doesn't understand one at its opening, the file holds other tables. */
const SQLITE_ERROR = 1;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** With their extended codes: a read that fails, one that is short, a file system that knows its sums to be wrong. */
const SQLITE_READ_FAILURES: readonly number[] = [266, 522, 8_458];
/** What a file of ours holds, and nothing else: views and triggers would run as ours. */
const TABLES = 'about,entry';
/** What `PRAGMA user_version` and the tables should be. */
const SCHEMA = `
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY, owner BLOB, key TEXT, version INTEGER NOT NULL, gc INTEGER NOT NULL, body BLOB NOT NULL, signature BLOB,
    set_at INTEGER NOT NULL, bound INTEGER, era INTEGER NOT NULL, expired INTEGER NOT NULL, lines INTEGER NOT NULL, sum INTEGER NOT NULL, content BLOB);
  CREATE TABLE about (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
  PRAGMA user_version = ${FORMAT};`;

/** The first damaged one is kept for people, and the last: a medium that fails again and again isn't filled up. */
async function removeLastAside(directory: string): Promise<void> {
  const names = await nodeFiles.list(directory);
  const numbers = names.map((name) => Number(/^state\.db\.corrupt-(\d+)$/.exec(name)?.[1])).filter(Boolean);
  for (const number of numbers.sort((a, b) => a - b).slice(1)) {
    const path = `${directory}/${STORE_NAME}.corrupt-${number}`;
    for (const each of [path, path + LOG_SUFFIX]) await nodeFiles.remove(each);
  }
}

export interface SqliteOptions {
  /** Waits until what was written to a file is on the medium. Default: the thread pool's. */
  readonly datasync?: (file: FileHandle, path: string) => Promise<void>;
}

/** The store of the node whose data directory this is. */
export function sqlitePlace(directory: string, options?: SqliteOptions): TablePlace {
  const path = `${directory}/${STORE_NAME}`;
  return {
    open: () => SqliteStore.open(path, options),
    async setAside() {
      await removeLastAside(directory);
      const aside = await asidePath(nodeFiles, directory, STORE_NAME, 'corrupt');
      await rename(path, aside);
      // What isn't home yet belongs to it.
      await rename(path + LOG_SUFFIX, aside + LOG_SUFFIX).catch(() => undefined);
      await rm(path + LOG_SUFFIX + STAYING, { force: true });
      await rm(`${path}-journal`, { force: true });
      return aside;
    },
  };
}

/**
 * The table in SQLite. Commits go to its write-ahead log, and from there home to the file, without waiting for the medium: it is the thread
 * pool that does, so that a slow card doesn't hold the event loop up. Rows are ordered by number, and what changes often has high ones: a
 * commit of a few changes touches a few pages.
 */
export class SqliteStore implements TableStore {
  readonly #database: DatabaseSync;
  readonly #logPath: string;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #about: StatementSync;
  readonly #datasync: (file: FileHandle, path: string) => Promise<void>;
  readonly #path: string;
  /** For waiting. Closing the file's would free SQLite's own locks on it, so they live as long as the store. */
  #handles: { readonly log: FileHandle; readonly home: FileHandle } | undefined;
  #logPages = 0;
  /** Rows by fours, about a page each, that were changed since the log was last brought home. */
  readonly #changed = new Set<number>();
  /** The log was copied home, and nobody knows yet whether that is on the medium. */
  #isLogNeeded = false;
  /** Damaged rows that the next commit removes. */
  #damagedIds: bigint[] = [];
  #closed = false;

  private constructor(database: DatabaseSync, path: string, options: SqliteOptions) {
    this.#database = database;
    this.#path = path;
    this.#logPath = path + LOG_SUFFIX;
    this.#datasync = options.datasync ?? ((file) => file.datasync());
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM entry WHERE id = ?');
    this.#about = database.prepare('INSERT OR REPLACE INTO about VALUES (1, ?)');
  }

  /** Opens the file, or makes it with mode 0600. Rejects with `StoreError`. */
  static async open(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
    const { DatabaseSync } = await import('node:sqlite');
    let database: DatabaseSync | undefined;
    try {
      makePrivate(path);
      takeLogBack(path + LOG_SUFFIX);
      database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false });
      database.exec(
        `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;`,
      );
      // Of what an earlier life wrote, or this one before a failure, nobody knows whether the medium has it, whatever the cache reads.
      copyHome(database, 'TRUNCATE');
      const format = database.prepare('PRAGMA user_version').get()?.user_version;
      if (format === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT;`);
      else if (format !== FORMAT && format !== FORMAT_BEFORE)
        throw new StoreError('damaged', `format ${String(format)}`);
      const found = database.prepare('SELECT type, name FROM sqlite_schema ORDER BY name').all();
      const tables = found.map(({ type, name }) => (type === 'table' ? name : `${type} ${name}`)).join();
      if (tables !== TABLES) throw new StoreError('damaged', `other tables: ${tables.slice(0, 80)}`);
      if (format === FORMAT_BEFORE) bringUpToDate(database);
      return new SqliteStore(database, path, options);
    } catch (error) {
      try {
        database?.close();
      } catch {
        // It was never whole.
      }
      throw asStoreError(error, [SQLITE_ERROR]);
    }
  }

  load(): StoreContent {
    try {
      const rows: StoredRow[] = [];
      let damagedRows = 0;
      const select = this.#database.prepare('SELECT * FROM entry ORDER BY id');
      // A number beyond those of JavaScript is damage of its row alone.
      select.setReadBigInts(true);
      for (const wide of select.iterate()) {
        const raw = withNumbers(wide);
        const row = readRow(raw);
        if (row !== undefined && sumOfRow(row) === raw.sum) rows.push(row);
        else {
          damagedRows++;
          this.#damagedIds.push(wide.id as bigint);
        }
      }
      const raw = this.#database.prepare('SELECT body FROM about').get()?.body;
      const about = raw instanceof Uint8Array ? decodeAbout(raw) : undefined;
      if (raw !== undefined && about === undefined) damagedRows++;
      return { about, rows, damagedRows };
    } catch (error) {
      // Where it can't be read to its end, trying again later finds the same.
      throw asStoreError(error, [SQLITE_ERROR, ...SQLITE_READ_FAILURES]);
    }
  }

  commit({ about, put, remove }: StoreBatch): number {
    if (this.#isLogNeeded) throw new StoreError('refused', 'its log is still needed');
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const id of [...this.#damagedIds, ...remove]) this.#remove.run(id);
        for (const row of put) this.#put.run(...columnsOf(row));
        this.#about.run(encodeAbout(about));
        this.#database.exec('COMMIT');
        this.#damagedIds = [];
        return this.#count(put, remove);
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    } catch (error) {
      throw asStoreError(error);
    }
  }

  async sync(): Promise<void> {
    try {
      this.#handles ??= await openHandles(this.#path, this.#logPath);
      await this.#datasync(this.#handles.log, this.#logPath);
      if (this.#logPages >= LOG_PAGES) await this.#bringHome(this.#handles.home);
    } catch (error) {
      throw asStoreError(error);
    }
  }

  async settle(): Promise<void> {
    await this.sync();
    if (this.#logPages > 0 && this.#handles !== undefined) await this.#bringHome(this.#handles.home);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const file of Object.values(this.#handles ?? {})) void file.close().catch(() => undefined);
    try {
      if (this.#isLogNeeded) renameSync(this.#logPath, this.#logPath + STAYING);
      this.#database.close();
      if (this.#isLogNeeded) takeLogBack(this.#logPath);
    } catch (error) {
      throw asStoreError(error);
    }
  }

  /** Notes that these rows were changed. @returns the bytes of it, in the log and at home. */
  #count(put: readonly StoredRow[], remove: readonly number[]): number {
    const ids = [...remove, ...put.map(({ id }) => id)];
    const fours = new Set(ids.map((id) => Math.floor(id / ROWS_A_PAGE)));
    const before = this.#changed.size;
    for (const four of fours) this.#changed.add(four);
    // A value that travelled apart has pages of its own.
    let own = 0;
    for (const { content } of put) own += Math.ceil((content?.length ?? 0) / PAGE_BYTES);
    const pages = PAGES_A_COMMIT + fours.size + own;
    this.#logPages += pages;
    return PAGE_BYTES * (pages + this.#changed.size - before + own);
  }

  /** What the log has is on the medium. No commit may come meanwhile: it might begin the log anew. */
  async #bringHome(home: FileHandle): Promise<void> {
    try {
      this.#isLogNeeded = true;
      this.#database.exec('PRAGMA synchronous = OFF');
      try {
        copyHome(this.#database, 'PASSIVE');
      } finally {
        this.#database.exec('PRAGMA synchronous = NORMAL');
      }
      await this.#datasync(home, this.#path);
      this.#isLogNeeded = false;
      this.#logPages = 0;
      this.#changed.clear();
    } catch (error) {
      throw asStoreError(error);
    }
  }
}

/** Its rows are as they were, each without a value that travels apart. */
function bringUpToDate(database: DatabaseSync): void {
  const columns = database.prepare('PRAGMA table_info(entry)').all();
  const hasContent = columns.some(({ name }) => name === 'content');
  const addContent = hasContent ? '' : 'ALTER TABLE entry ADD COLUMN content BLOB;';
  database.exec(`BEGIN; ${addContent} PRAGMA user_version = ${FORMAT}; COMMIT;`);
}

/** Copies the log to the file, as far as it goes. @throws StoreError where that isn't all of it. */
function copyHome(database: DatabaseSync, mode: 'PASSIVE' | 'TRUNCATE'): void {
  const found = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
  if (found?.busy !== 0 || found.log !== found.checkpointed)
    throw new StoreError('refused', `its log stays: ${JSON.stringify(found)}`);
}

/** A log that stays is put back for the next opening, which copies it home again. */
function takeLogBack(logPath: string): void {
  if (existsSync(logPath + STAYING)) renameSync(logPath + STAYING, logPath);
}

async function openHandles(path: string, logPath: string) {
  const log = await open(logPath, 'r');
  const home = await open(path, 'r');
  // That the files are there is the directory's own content.
  await syncDirectory(dirname(path));
  return { log, home };
}

/** SQLite would make it readable for all; its log gets the same mode. A link, or a file that another user owns, isn't ours to change. */
function makePrivate(path: string): void {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const file = openSync(path, O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0), PRIVATE);
  try {
    const self = process.geteuid?.();
    const { uid } = fstatSync(file);
    if (self !== undefined && uid !== self) throw new StoreError('refused', `it is owned by user ${uid}`);
    fchmodSync(file, PRIVATE);
  } finally {
    closeSync(file);
  }
}

function columnsOf(row: StoredRow): (number | string | Uint8Array | null)[] {
  return [
    row.id,
    row.owner === null ? null : fromHex(row.owner),
    row.key,
    row.version,
    row.gc,
    row.body,
    row.signature ?? null,
    row.setAtMs,
    row.ageBoundMs,
    row.era,
    Number(row.expired),
    row.check,
    sumOfRow(row),
    row.content ?? null,
  ];
}

/** @returns undefined where a column isn't what it should be. */
function readRow(raw: Record<string, unknown>): StoredRow | undefined {
  const { id, owner, key, version, gc, body, signature, set_at, bound, era, expired, lines, content } = raw;
  const numbers = [id, version, gc, set_at, era, expired, lines];
  if (!numbers.every(Number.isSafeInteger) || !(body instanceof Uint8Array)) return undefined;
  if (owner !== null && !(owner instanceof Uint8Array && owner.length === NODE_ID_BYTES)) return undefined;
  if (key !== null && typeof key !== 'string') return undefined;
  if (signature !== null && !(signature instanceof Uint8Array)) return undefined;
  if (content !== null && !(content instanceof Uint8Array)) return undefined;
  if (bound !== null && !Number.isSafeInteger(bound)) return undefined;
  return {
    id: id as number,
    owner: owner === null ? null : toHex(owner),
    key,
    version: version as number,
    gc: gc as number,
    body,
    signature: signature ?? undefined,
    setAtMs: set_at as number,
    ageBoundMs: bound as number | null,
    era: era as number,
    expired: expired === 1,
    check: lines as number,
    ...(content !== null && { content }),
  };
}

/** A row's integers as numbers, as far as they are such. */
function withNumbers(wide: Record<string, unknown>): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(wide))
    raw[column] = typeof value === 'bigint' ? Number(value) : value;
  return raw;
}

/** @param damage SQLite's codes, primary or extended, that are damage besides those that always are. */
function asStoreError(error: unknown, damage: readonly number[] = []): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode, errstr } = error as { errcode?: number; errstr?: string };
  if (errcode === undefined) return new StoreError('refused', fileErrorCode(error), { cause: error });
  const codes = [SQLITE_CORRUPT, SQLITE_NOTADB, ...damage];
  const isDamage = codes.includes(errcode & 0xff) || codes.includes(errcode);
  return new StoreError(isDamage ? 'damaged' : 'refused', errstr ?? `SQLite ${errcode}`, { cause: error });
}
