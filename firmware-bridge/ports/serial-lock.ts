import { open, readFile, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';

/** Where programs that use serial ports keep their locks (Filesystem Hierarchy Standard 3.0, section 5.9). */
export const LOCK_DIR = '/run/lock';

export type SerialLock =
  | { readonly kind: 'held'; release(): Promise<void> }
  /** Another program holds it. */
  | { readonly kind: 'busy'; readonly pid: number };

/**
 * Takes the lock file of a serial port (`LCK..ttyUSB0`, ten digits of the process id), as modem programs do: two readers of
 * one port would each get half of the bytes. A lock whose process has ended is taken over. Where locks can't be written
 * there are none, and the port is used without.
 */
export async function lockSerial(devicePath: string, directory: string): Promise<SerialLock> {
  const path = join(directory, `LCK..${basename(devicePath)}`);
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await writeLock(path)) return { kind: 'held', release: () => releaseLock(path) };
    const pid = await lockedBy(path);
    if (pid !== undefined && pid !== process.pid && isAlive(pid)) return { kind: 'busy', pid };
    if (pid === process.pid) return { kind: 'held', release: () => releaseLock(path) };
    if (!(await removed(path))) break;
  }
  return { kind: 'held', release: async () => {} };
}

async function writeLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o644);
    await file.writeFile(`${String(process.pid).padStart(10)}\n`);
    await file.close();
    return true;
  } catch {
    return false;
  }
}

async function releaseLock(path: string): Promise<void> {
  if ((await lockedBy(path)) === process.pid) await removed(path);
}

async function lockedBy(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'latin1').catch(() => '');
  const match = /^\s*(\d{1,10})/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

async function removed(path: string): Promise<boolean> {
  return await unlink(path).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
