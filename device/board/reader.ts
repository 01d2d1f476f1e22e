import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';

/** Largest file that is read; a longer one is cut. `/proc/cpuinfo` of 64 cores is some 90 KB. */
const BYTES_MAX = 131_072;
/** Most files of /sys have a few bytes, and none but /proc/cpuinfo more than a page. */
const FIRST_BYTES = 4096;

/**
 * Reads what the system says about itself. Paths are absolute as on the board (`/proc/cpuinfo`); everything that can't
 * be read is null or empty, because any of these files may be missing, locked or of another kind.
 */
export interface BoardReader {
  /** The file's text; null where it can't be read. */
  text(path: string): string | null;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  /** The last part of a link's target; null where it is no link. */
  linkName(path: string): string | null;
  exists(path: string): boolean;
}

/**
 * A reader of the files below a directory.
 * @param sysroot `/` for this machine; else a copy of another's tree, and links that lead out of it are not followed
 */
export function createBoardReader(sysroot: string): BoardReader {
  const root = resolve(sysroot);
  const place = (path: string) => join(root, path);
  const inside = (path: string): string | null => {
    // This machine's own tree has no outside, and it is read every few seconds: spare it the resolving of links.
    if (root === '/') return path;
    try {
      const real = realpathSync(place(path));
      const way = relative(realpathSync(root), real);
      return way.startsWith('..') || isAbsolute(way) ? null : real;
    } catch {
      return null;
    }
  };
  return {
    text(path) {
      const real = inside(path);
      return real === null ? null : readText(real);
    },
    list(path) {
      const real = inside(path);
      try {
        return real === null ? [] : readdirSync(real).sort();
      } catch {
        return [];
      }
    },
    linkName(path) {
      try {
        return readlinkSync(place(path)).split('/').at(-1) ?? null;
      } catch {
        return null;
      }
    },
    exists(path) {
      const real = inside(path);
      return real !== null && existsSync(real);
    },
  };
}

function readText(path: string): string | null {
  let file: number | undefined;
  try {
    // A pipe or a device in a copied tree would block or never end.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
    file = openSync(path, 'r');
    let buffer = Buffer.allocUnsafe(FIRST_BYTES);
    let length = 0;
    // Files of /proc come in pieces and give no size.
    for (let read = -1; read !== 0 && length < BYTES_MAX; length += read) {
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, BYTES_MAX));
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.toString('utf8', 0, length);
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
