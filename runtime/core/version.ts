/** A record's version: `boot * 2^32 + sequence`, a safe integer [P-1.4]. 0 is before every version. */
export type Version = number;

const SEQUENCE_SPAN = 0x1_0000_0000;

/** The highest boot counter that a version can hold [P-1.3]. */
export const BOOT_MAX = 2 ** 20 - 1;

/** @throws RangeError where the boot is out of 0..2^20-1 or the sequence out of 32 bits. */
export function makeVersion(boot: number, sequence: number): Version {
  if (!(Number.isInteger(boot) && boot >= 0 && boot <= BOOT_MAX))
    throw new RangeError(`boot out of range: ${boot}`);
  if (!(Number.isInteger(sequence) && sequence >= 0 && sequence < SEQUENCE_SPAN))
    throw new RangeError(`sequence out of range: ${sequence}`);
  return boot * SEQUENCE_SPAN + sequence;
}

/** The boot in which a version was made. */
export function bootOf(version: Version): number {
  return Math.floor(version / SEQUENCE_SPAN);
}
