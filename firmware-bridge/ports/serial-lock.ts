import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';

/** Where programs that use serial ports keep their locks (Filesystem Hierarchy Standard 3.0, section 5.9). */
export const LOCK_DIR = '/run/lock';

export type SerialLock =
  /** Ours. `isKept` is false where it could not be written: the port is used without, and others can't know. */
  | { readonly kind: 'held'; readonly isKept: boolean; release(): Promise<void> }
  /** Another program holds it; undefined where its lock can't be read. */
  | { readonly kind: 'busy'; readonly pid: number | undefined };

/** A lock without a process id may be one that is being written, until it is so old. ms */
const WRITTEN_AFTER_MS = 5000;
/** Attempts: others may take the lock, or give it back, in between. */
const ATTEMPTS_MAX = 3;

/**
 * Takes the lock file of a serial port (`LCK..ttyUSB0`, ten digits of the process id), as modem programs do: two readers of
 * one port would each get half of the bytes. A lock whose process has ended is taken over. Where locks can't be written
 * there are none, and the port is used without.
 */
export async function lockSerial(devicePath: string, directory: string): Promise<SerialLock> {
  const path = join(directory, `LCK..${basename(devicePath)}`);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await writeLock(path)) return { kind: 'held', isKept: true, release: () => releaseLock(path) };
    const holder = await holderOf(path);
    if (holder.kind === 'us') return { kind: 'held', isKept: true, release: () => releaseLock(path) };
    if (holder.kind === 'other') return { kind: 'busy', pid: holder.pid };
    if (holder.kind === 'dead' && !(await takeAway(path))) break;
  }
  const holder = await holderOf(path);
  if (holder.kind === 'other') return { kind: 'busy', pid: holder.pid };
  return { kind: 'held', isKept: false, release: async () => {} };
}

type Holder =
  | { readonly kind: 'us' | 'dead' | 'nobody' }
  | { readonly kind: 'other'; readonly pid: number | undefined };

/** The lock appears at once with its text, so that nobody reads an empty one. */
async function writeLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  try {
    await writeFile(own, `${String(process.pid).padStart(10)}\n`, { mode: 0o644 });
    await link(own, path);
    return true;
  } catch {
    return false;
  } finally {
    await unlink(own).catch(() => {});
  }
}

/**
 * Takes a dead lock off. Whoever comes second takes another one's fresh lock instead, sees that, and puts it back.
 * @returns false where it can't be taken off
 */
async function takeAway(path: string): Promise<boolean> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  const taken = await holderOf(aside);
  if (taken.kind === 'other') await link(aside, path).catch(() => {});
  await unlink(aside).catch(() => {});
  return true;
}

async function releaseLock(path: string): Promise<void> {
  if ((await holderOf(path)).kind === 'us') await unlink(path).catch(() => {});
}

async function holderOf(path: string): Promise<Holder> {
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing ? { kind: 'nobody' } : { kind: 'other', pid: undefined };
  }
  const pid = pidIn(text);
  if (pid === undefined) return (await isYoung(path)) ? { kind: 'other', pid } : { kind: 'dead' };
  if (pid === process.pid) return { kind: 'us' };
  return isAlive(pid) ? { kind: 'other', pid } : { kind: 'dead' };
}

/** Digits, maybe with the names of program and user behind them; or four bytes, as old programs write. */
function pidIn(text: string): number | undefined {
  const digits = /^\s*(\d{1,10})(?:\s|$)/.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  return text.length === 4 ? Buffer.from(text, 'latin1').readUInt32LE() : undefined;
}

async function isYoung(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Math.abs(Date.now() - mtimeMs) < WRITTEN_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's. Numbers that no process can have are refused in other ways.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
