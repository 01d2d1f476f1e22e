import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FilePort } from './file-port.ts';

const PRIVATE = 0o600;

/** The real file system. */
export const nodeFiles: FilePort = {
  async read(path) {
    return absentAsUndefined(readFile(path));
  },
  async writeSynced(path, bytes) {
    await writeAll(await open(path, 'w', PRIVATE), bytes);
  },
  async overwriteSynced(path, bytes) {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT, PRIVATE);
    try {
      await writeFrom(file, bytes);
      // The journal's part of a write is three times its data's, so nothing but the data is asked for: where the length stays it is all.
      if ((await file.stat()).size !== bytes.length) await file.truncate(bytes.length);
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  async rename(from, to) {
    await rename(from, to);
    await syncDirectory(dirname(to));
  },
  async remove(path) {
    await rm(path, { force: true });
    await syncDirectory(dirname(path));
  },
  async list(directory) {
    return readdir(directory);
  },
  async modeOf(path) {
    const found = await absentAsUndefined(stat(path));
    return found === undefined ? undefined : found.mode & 0o777;
  },
  async foreignOwnerOf(path) {
    const self = process.geteuid?.();
    const found = await absentAsUndefined(stat(path));
    return found === undefined || self === undefined || found.uid === self ? undefined : found.uid;
  },
};

/** Waits until the names in a directory are on the medium. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await writeFrom(file, bytes);
    await file.truncate(bytes.length);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeFrom(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done, done)).bytesWritten;
}

async function absentAsUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
