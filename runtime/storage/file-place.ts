import { encodeChecked, readChecked } from './checked-json.ts';
import { type FilePort, replaceFile, setAside } from './file-port.ts';
import { fileErrorCode } from './notice.ts';
import {
  type StoreAbout,
  type StoreBatch,
  type StoredRow,
  StoreError,
  type TablePlace,
  type TableStore,
} from './table-store.ts';

const NAME = 'state.json';
/** What a row takes besides its bytes, about. */
const ROW_BYTES = 250;
const SCHEMA = 'gridvine.state-rows/1';

/**
 * A store in one file of a platform's own files, written whole each time: for platforms without SQLite. It wears the medium more, the larger
 * the table is.
 */
export function filePlace(files: FilePort, directory: string): TablePlace {
  const path = `${directory}/${NAME}`;
  return {
    open: () => refusing(async () => new FileStore(files, path, await readContent(files, path))),
    setAside: () => setAside(files, directory, NAME),
  };
}

interface Content {
  readonly about: StoreAbout | undefined;
  readonly rows: readonly StoredRow[];
}

class FileStore implements TableStore {
  readonly #files: FilePort;
  readonly #path: string;
  readonly #rows: Map<number, StoredRow>;
  #about: StoreAbout | undefined;
  #isWritten = true;

  constructor(files: FilePort, path: string, { about, rows }: Content) {
    this.#files = files;
    this.#path = path;
    this.#about = about;
    this.#rows = new Map(rows.map((row) => [row.id, row]));
  }

  load() {
    return { about: this.#about, rows: [...this.#rows.values()], damagedRows: 0 };
  }

  commit({ about, put, remove }: StoreBatch): number {
    this.#about = about;
    for (const id of remove) this.#rows.delete(id);
    for (const row of put) this.#rows.set(row.id, row);
    this.#isWritten = false;
    let bytes = 0;
    for (const { body, content } of this.#rows.values())
      bytes += ROW_BYTES + 1.4 * (body.length + (content?.length ?? 0));
    return bytes;
  }

  async sync(): Promise<void> {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const rows = [...this.#rows.values()].sort((a, b) => a.id - b.id).map(toJson);
    await refusing(() =>
      replaceFile(this.#files, this.#path, encodeChecked(SCHEMA, { about: this.#about, rows })),
    );
  }

  settle(): Promise<void> {
    return this.sync();
  }

  close(): void {}
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof StoreError
      ? error
      : new StoreError('refused', fileErrorCode(error), { cause: error });
  }
}

async function readContent(files: FilePort, path: string): Promise<Content> {
  const content = await readChecked(files, path, SCHEMA);
  if (content.status === 'absent') return { about: undefined, rows: [] };
  if (content.status === 'damaged') throw new StoreError('damaged', 'its checksum is wrong');
  // Whole, so it is what `sync` wrote.
  const { about, rows } = content.body as { about: StoreAbout; rows: JsonRow[] };
  return { about, rows: rows.map(fromJson) };
}

type JsonRow = Omit<StoredRow, 'body' | 'signature' | 'content'> & {
  readonly body: string;
  readonly signature: string | null;
  readonly content?: string;
};

function toJson({ content, ...row }: StoredRow): JsonRow {
  const { body, signature } = row;
  return {
    ...row,
    body: base64(body),
    signature: signature === undefined ? null : base64(signature),
    ...(content !== undefined && { content: base64(content) }),
  };
}

function fromJson({ content, ...row }: JsonRow): StoredRow {
  const { body, signature } = row;
  return {
    ...row,
    body: bytes(body),
    signature: signature === null ? undefined : bytes(signature),
    ...(content !== undefined && { content: bytes(content) }),
  };
}

function base64(from: Uint8Array): string {
  return Buffer.from(from).toString('base64');
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
