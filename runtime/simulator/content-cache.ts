import { equalBytes } from '../core/bytes.ts';
import { readInt32 } from '../wire/header.ts';

/**
 * What was made of bytes before, found by their content. Of two contents that meet in their checksum the newer is kept; when it is
 * full it forgets all.
 */
export class ContentCache<T> {
  readonly #entries = new Map<number, { readonly bytes: Uint8Array; readonly made: T }>();
  readonly #entriesMax: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(bytes: Uint8Array): T | undefined {
    const entry = this.#entries.get(checksum(bytes));
    return entry !== undefined && equalBytes(entry.bytes, bytes) ? entry.made : undefined;
  }

  /** @param bytes kept, and not to be changed. */
  set(bytes: Uint8Array, made: T): void {
    if (this.#entries.size >= this.#entriesMax) this.#entries.clear();
    this.#entries.set(checksum(bytes), { bytes, made });
  }
}

/** In the manner of FNV-1a by words of four bytes; a number that JavaScript engines keep in place. */
function checksum(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    sum = Math.imul(sum ^ readInt32(bytes, at), 0x01000193);
    sum ^= sum >>> 15;
  }
  return sum;
}
