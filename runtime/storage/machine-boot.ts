import { readFileSync } from 'node:fs';

/** Names this run of the machine: another after each of its starts, the same for all processes until then. null: the platform doesn't tell. */
export function readMachineBoot(): string | null {
  try {
    const text = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return /^[0-9a-f-]{36}$/.test(text) ? text : null;
  } catch {
    return null;
  }
}
