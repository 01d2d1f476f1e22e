import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { GridvineError } from '#runtime/core/errors.ts';
import { toHex } from '#runtime/core/ids.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { armor } from '#runtime/pki/armor.ts';
import { DirectoryLock } from '#runtime/storage/directory-lock.ts';
import { caError } from './ca-error.ts';
import { type CaEntry, type CaIndex, decodeIndex, encodeEntry } from './ca-index.ts';
import { type CaState, rootStatements, stateOf } from './ca-state.ts';
import { readWhole, syncDirectory, writeAll, writeWhole } from './private-file.ts';

const INDEX = 'index';
/** What everybody may have, made anew from the index whenever it differs. */
export const ROOT_CERT = 'root.cert';
export const STATEMENTS = 'fleet.statements';

/** The directory of a CA: the index is what counts, each line of it one thing done; all else but the keys follows from it. */
export class CaDirectory {
  readonly path: string;
  readonly #provider: CryptoProvider;
  readonly #lock: DirectoryLock;
  #index: CaIndex;
  #state: CaState;

  private constructor(
    provider: CryptoProvider,
    path: string,
    opened: { readonly lock: DirectoryLock; readonly index: CaIndex; readonly state: CaState },
  ) {
    this.#provider = provider;
    this.path = path;
    this.#lock = opened.lock;
    this.#index = opened.index;
    this.#state = opened.state;
  }

  /**
   * Makes a CA: all of it appears at once under its name, or nothing does.
   * @throws GridvineError `E_CA` where something is there already.
   */
  static create(
    path: string,
    root: CaEntry,
    rootKey: { readonly kid: Uint8Array; readonly file: Uint8Array },
  ): void {
    const whole = resolve(path);
    const temporary = join(dirname(whole), `.${basename(whole)}.${process.pid}.new`);
    try {
      if (namesIn(whole).length > 0)
        throw caError(`${path}: expected no CA yet; there is something. Name another directory by --dir`);
      rmSync(temporary, { recursive: true, force: true });
      mkdirSync(temporary, { mode: 0o700 });
      const secret = { secrecy: 'secret', whenThere: 'refuse' } as const;
      writeWhole(join(temporary, keyFileName(rootKey.kid)), rootKey.file, secret);
      writeWhole(join(temporary, INDEX), encodeEntry(1, root), secret);
      // An empty directory of that name is replaced; one with anything in it is not.
      renameSync(temporary, whole);
      syncDirectory(dirname(whole));
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (error instanceof GridvineError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw caError(
        `${path}: can't be made (${code ?? error}); check the path, its owner and the disk`,
        error,
      );
    }
  }

  /**
   * Opens a CA for one command, and mends what a crash left: a torn last line, files that don't follow the index.
   * @throws GridvineError `E_CA`.
   */
  static async open(provider: CryptoProvider, path: string): Promise<CaDirectory> {
    // First without the lock: it would be made where no CA is.
    readIndex(path);
    const lock = await lockOf(path);
    try {
      const index = readIndex(path);
      const state = stateOf(provider, join(path, INDEX), index.entries);
      const directory = new CaDirectory(provider, path, { lock, index, state });
      if (index.tornBytes > 0) directory.#cutTornLine();
      directory.#publish();
      return directory;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get state(): CaState {
    return this.#state;
  }

  /** The file of a root's key. @throws GridvineError `E_CA` where it is gone, or others may read it. */
  readKeyFile(kid: Uint8Array): { readonly path: string; readonly bytes: Uint8Array } {
    const path = join(this.path, keyFileName(kid));
    const bytes = readWhole(path, 'secret');
    if (bytes === undefined)
      throw caError(`${path}: expected the root's key; there is no such file. Restore it from a backup`);
    return { path, bytes };
  }

  /** Adds the key of a root that the index doesn't name yet: a crash before it does leaves a file that nobody uses. */
  addKeyFile(kid: Uint8Array, bytes: Uint8Array): void {
    writeWhole(join(this.path, keyFileName(kid)), bytes, { secrecy: 'secret', whenThere: 'replace' });
  }

  /** Does one thing: it is done once its line is on the medium. What follows from it is written after. */
  append(entry: CaEntry): void {
    const path = join(this.path, INDEX);
    const { entries, wholeBytes } = this.#index;
    const line = encodeEntry(entries.length + 1, entry);
    const next = { entries: [...entries, entry], wholeBytes: wholeBytes + line.length, tornBytes: 0 };
    const state = stateOf(this.#provider, path, next.entries);
    const file = openSync(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      writeAll(file, line);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, wholeBytes);
      const { code } = error as NodeJS.ErrnoException;
      throw caError(
        `${path}: can't be written (${code ?? error}); nothing was issued. Check the disk`,
        error,
      );
    } finally {
      closeSync(file);
    }
    this.#index = next;
    this.#state = state;
    this.#publish();
  }

  close(): void {
    this.#lock.release();
  }

  #cutTornLine(): void {
    const file = openSync(join(this.path, INDEX), 'r+');
    try {
      ftruncateSync(file, this.#index.wholeBytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#index = { ...this.#index, tornBytes: 0 };
  }

  #publish(): void {
    const { cluster, anchors, revoked, policy, roster } = this.#state;
    const roots = rootStatements(this.#state).map((bytes) => armor({ kind: 'root', bytes }));
    const current = revoked.statements.filter(({ signed }) => anchors.find(signed.kid) !== undefined);
    const statements = [
      ...roots,
      ...(policy === undefined ? [] : [armor({ kind: 'policy', bytes: policy.signed.bytes })]),
      ...(roster === undefined ? [] : [armor({ kind: 'roster', bytes: roster.signed.bytes })]),
      ...current.map(({ signed }) => armor({ kind: 'revocation', bytes: signed.bytes })),
    ];
    this.#keepFile(ROOT_CERT, [
      `# Roots of the gridvine cluster ${cluster}. Public: copy it to every board.\n`,
      ...roots,
    ]);
    this.#keepFile(STATEMENTS, [
      `# What the CA of the gridvine cluster ${cluster} has said. Public.\n`,
      ...statements,
    ]);
  }

  #keepFile(name: string, blocks: readonly string[]): void {
    const path = join(this.path, name);
    const bytes = new TextEncoder().encode(blocks.join(''));
    const present = readWhole(path, 'public');
    if (present !== undefined && Buffer.from(present).equals(bytes)) return;
    writeWhole(path, bytes, { secrecy: 'public', whenThere: 'replace' });
  }
}

function keyFileName(kid: Uint8Array): string {
  return `root-${toHex(kid)}.key`;
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readIndex(path: string): CaIndex {
  const bytes = readWhole(join(path, INDEX), 'secret');
  if (bytes === undefined)
    throw caError(
      `${path}: expected a CA; there is none. Name its directory by --dir, or make one: gridvine ca init`,
    );
  return decodeIndex(join(path, INDEX), bytes);
}

async function lockOf(path: string): Promise<DirectoryLock> {
  try {
    return await DirectoryLock.acquire(path);
  } catch (error) {
    if (!(error instanceof GridvineError)) throw error;
    const busy = error.code === 'E_DATA_DIR_IN_USE';
    throw caError(
      busy ? `${path}: another gridvine ca works there; wait for it to end` : error.message,
      error,
    );
  }
}
