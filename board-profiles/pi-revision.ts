/** A Raspberry Pi's revision code, taken apart. */
export interface PiRevision {
  /** Model type, bits 4 to 11: 0x11 is the 4B. */
  readonly type: number;
  readonly memoryMiB: number;
  /** The board's revision within its type: 4 of "Rev 1.4". */
  readonly minor: number;
}

const NEW_STYLE = 1 << 23;

/**
 * Reads a new-style revision code (a set bit 23). Old-style codes stand for ARMv6 boards, which have no profile.
 * @returns null for an old-style code, and for what isn't one.
 */
export function decodePiRevision(text: string): PiRevision | null {
  if (!/^[0-9a-fA-F]{6,8}$/.test(text)) return null;
  const code = Number.parseInt(text, 16);
  if ((code & NEW_STYLE) === 0) return null;
  return { type: (code >>> 4) & 0xff, memoryMiB: 256 << ((code >>> 20) & 7), minor: code & 0xf };
}
