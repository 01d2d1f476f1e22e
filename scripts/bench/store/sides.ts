import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

/** One record as a side keeps it. */
export interface Row {
  readonly owner: number;
  readonly name: number;
  readonly body: Uint8Array;
}

/** One way to keep a table on a medium. */
export interface Side {
  /** Puts these rows in the place of their elders, all or none, and waits for the medium. */
  commit(rows: readonly Row[]): void;
  close(): void;
}

/** What a side is made with. */
export interface SideOptions {
  readonly directory: string;
  readonly pageBytes: number;
  /** The write-ahead log is brought home when it is longer. */
  readonly logBytesMax: number;
}

export const SIDES: { readonly [name: string]: (options: SideOptions) => Side } = {
  'sqlite-rollback': (options) => new KeyedRows(options, 'DELETE'),
  'sqlite-wal-keyed': (options) => new KeyedRows(options, 'WAL'),
  'sqlite-wal-tail': (options) => new TailRows(options),
  'append-log': (options) => new AppendLog(options),
};

/** What a start reads: @returns the number of rows. */
export const LOADS: { readonly [name: string]: (options: SideOptions) => number } = {
  'sqlite-rollback': loadSqlite,
  'sqlite-wal-keyed': loadSqlite,
  'sqlite-wal-tail': loadSqlite,
  'append-log': loadLog,
};

/** SQLite as the sides open it; its log is brought home by SQLite itself, seldom. */
function openDatabase(
  { directory, pageBytes, logBytesMax }: SideOptions,
  journal: 'WAL' | 'DELETE',
): DatabaseSync {
  const database = new DatabaseSync(`${directory}/store`);
  database.exec(
    `PRAGMA page_size = ${pageBytes}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = ${journal}; PRAGMA synchronous = FULL;
     PRAGMA wal_autocheckpoint = ${Math.round(logBytesMax / pageBytes)}; PRAGMA secure_delete = ON; PRAGMA cache_size = -256;`,
  );
  return database;
}

function transaction(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN');
  write();
  database.exec('COMMIT');
}

/** A row for each record, found by owner and name, changed where it is. */
class KeyedRows implements Side {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;

  constructor(options: SideOptions, journal: 'WAL' | 'DELETE') {
    this.#database = openDatabase(options, journal);
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS entry (owner BLOB, name TEXT, body BLOB, PRIMARY KEY (owner, name)) WITHOUT ROWID',
    );
    this.#put = this.#database.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?)');
  }

  commit(rows: readonly Row[]): void {
    transaction(this.#database, () => {
      for (const row of rows) {
        this.#put.run(ownerBytes(row.owner), nameOf(row), row.body);
        this.#put.run(ownerBytes(row.owner), '', LINES);
      }
    });
  }

  close(): void {
    this.#database.close();
  }
}

/** Rows in the order of their writing: what changes often stays together at the end. Where each is is remembered in memory. */
class TailRows implements Side {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #ids = new Map<string, number>();
  #last = 0;

  constructor(options: SideOptions) {
    const database = openDatabase(options, 'WAL');
    this.#database = database;
    database.exec(
      'CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, owner BLOB, name TEXT, body BLOB)',
    );
    this.#insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?)');
    this.#update = database.prepare('UPDATE entry SET body = ? WHERE id = ?');
    this.#delete = database.prepare('DELETE FROM entry WHERE id = ?');
  }

  commit(rows: readonly Row[]): void {
    transaction(this.#database, () => {
      for (const row of rows) {
        this.#put(row.owner, nameOf(row), row.body);
        this.#put(row.owner, '', LINES);
      }
    });
  }

  close(): void {
    this.#database.close();
  }

  #put(owner: number, name: string, body: Uint8Array): void {
    const at = `${owner}/${name}`;
    const id = this.#ids.get(at);
    if (id !== undefined && id > this.#last - 128) {
      this.#update.run(body, id);
      return;
    }
    if (id !== undefined) this.#delete.run(id);
    this.#last++;
    this.#insert.run(this.#last, ownerBytes(owner), name, body);
    this.#ids.set(at, this.#last);
  }
}

/** Batches with a checksum, one behind the other; written anew when most of it is out of date. */
class AppendLog implements Side {
  readonly #path: string;
  readonly #live = new Map<string, Uint8Array>();
  #file: number;
  #bytes = 0;
  #liveBytes = 0;

  constructor({ directory }: SideOptions) {
    this.#path = `${directory}/store`;
    this.#file = openSync(this.#path, 'a', 0o600);
  }

  commit(rows: readonly Row[]): void {
    const parts = rows.flatMap((row) => [
      this.#keep(`${row.owner}/${nameOf(row)}`, encodeRow(row.owner, nameOf(row), row.body)),
      this.#keep(`${row.owner}/`, encodeRow(row.owner, '', LINES)),
    ]);
    this.#append(this.#file, parts);
    fdatasyncSync(this.#file);
    if (this.#bytes > 4 * this.#liveBytes + 262_144) this.#compact();
  }

  close(): void {
    closeSync(this.#file);
  }

  #keep(at: string, bytes: Uint8Array): Uint8Array {
    this.#liveBytes += bytes.length - (this.#live.get(at)?.length ?? 0);
    this.#live.set(at, bytes);
    return bytes;
  }

  #append(file: number, parts: readonly Uint8Array[]): void {
    const batch = Buffer.concat(parts);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(batch.length, 0);
    head.writeUInt32LE(crc32(batch), 4);
    writeSync(file, Buffer.concat([head, batch]));
    this.#bytes += 8 + batch.length;
  }

  #compact(): void {
    const file = openSync(`${this.#path}.tmp`, 'w', 0o600);
    this.#bytes = 0;
    this.#append(file, [...this.#live.values()]);
    fsyncSync(file);
    renameSync(`${this.#path}.tmp`, this.#path);
    closeSync(this.#file);
    this.#file = file;
  }
}

function loadSqlite({ directory }: SideOptions): number {
  const database = new DatabaseSync(`${directory}/store`);
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  let rows = 0;
  for (const row of database.prepare('SELECT * FROM entry').iterate()) if (row.body !== null) rows++;
  return rows;
}

function loadLog({ directory }: SideOptions): number {
  const bytes = readFileSync(`${directory}/store`);
  const found = new Map<string, Uint8Array>();
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const batch = bytes.subarray(at + 8, at + 8 + length);
    if (batch.length < length || crc32(batch) !== bytes.readUInt32LE(at + 4)) break;
    for (let i = 0; i < batch.length; ) {
      const nameLength = batch[i + 16];
      const bodyLength = batch.readUInt16LE(i + 17);
      const end = i + 19 + nameLength + bodyLength;
      found.set(batch.toString('latin1', i, i + 19 + nameLength), batch.subarray(end - bodyLength, end));
      i = end;
    }
    at += 8 + length;
  }
  return found.size;
}

/** What is kept of an owner besides its records. */
const LINES = new Uint8Array(18).fill(7);

function nameOf({ name }: Row): string {
  return `sensor/${name}/power`;
}

function ownerBytes(owner: number): Uint8Array {
  const bytes = new Uint8Array(16);
  // Spread like hashes of keys.
  new DataView(bytes.buffer).setUint32(0, Math.imul(owner + 1, 2_654_435_761));
  return bytes;
}

function encodeRow(owner: number, name: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(3);
  head[0] = name.length;
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([ownerBytes(owner), head, Buffer.from(name), body]);
}
