import { type FileHandle, open, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_BYTES_MAX } from '../limits.ts';
import type { FileFault, FilePort, FileResult } from './file-port.ts';

/** Reads files below `sysroot`. */
export function nodeFiles(sysroot: string): FilePort {
  return {
    readText: (path) => attempt(() => readStart(join(sysroot, path))),
    list: (path) => attempt(async () => (await readdir(join(sysroot, path))).sort()),
    fileSystemSize: (path) =>
      attempt(async () => {
        const size = await statfs(join(sysroot, path));
        return {
          totalBytes: size.blocks * size.bsize,
          freeBytes: size.bfree * size.bsize,
          availableBytes: size.bavail * size.bsize,
        };
      }),
  };
}

async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    return await readUpTo(file, FILE_BYTES_MAX);
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, bytesMax: number): Promise<string> {
  // The kernel's files say size 0 and may come in several pieces, so only a read of nothing marks the end.
  const chunks: Uint8Array[] = [];
  let total = 0;
  while (total < bytesMax) {
    const chunk = Buffer.allocUnsafe(Math.min(4096, bytesMax - total));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function attempt<T>(action: () => Promise<T>): Promise<FileResult<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, fault: faultOf(code), detail: message };
  }
}

function faultOf(code: string | undefined): FileFault {
  // ENXIO and ENODEV: the entry is there, the device behind it is not.
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO' || code === 'ENODEV') return 'absent';
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  return 'failed';
}
