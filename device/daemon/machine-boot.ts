import { readFile } from 'node:fs/promises';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Tells one run of this machine from another; null where the platform doesn't say. Never rejects. */
export async function machineBoot(): Promise<string | null> {
  try {
    return (await readFile(BOOT_ID, 'utf8')).trim().slice(0, 64) || null;
  } catch {
    return null;
  }
}
