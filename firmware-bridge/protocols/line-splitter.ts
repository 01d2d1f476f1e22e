const NEWLINE = 0x0a;

/** One line without its newline, or the notice that a line was longer than the cap and has been skipped. */
export type Line = { readonly kind: 'line'; readonly bytes: Uint8Array } | { readonly kind: 'too-long' };

/**
 * Cuts a byte stream into lines. It holds at most `lineBytesMax` bytes; a longer line is skipped up to its newline and
 * costs only itself, whatever it contains.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #skipping = false;

  constructor(options: { readonly lineBytesMax: number }) {
    this.#lineBytesMax = options.lineBytesMax;
  }

  /** Takes the next bytes, of any length, and gives the lines that end in them. Empty lines are left out. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#hold(chunk.subarray(start, end));
      const line = this.#finish();
      if (line !== undefined) lines.push(line);
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  /** Forgets an unfinished line: for a stream that begins anew. */
  reset(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#skipping = false;
  }

  #hold(piece: Uint8Array): void {
    if (this.#skipping || piece.length === 0) return;
    if (this.#heldBytes + piece.length > this.#lineBytesMax) {
      this.#skipping = true;
      this.#held = [];
      this.#heldBytes = 0;
      return;
    }
    // A copy: the port may reuse the chunk's memory after the call.
    this.#held.push(piece.slice());
    this.#heldBytes += piece.length;
  }

  #finish(): Line | undefined {
    if (this.#skipping) {
      this.reset();
      return { kind: 'too-long' };
    }
    if (this.#heldBytes === 0) return undefined;
    const bytes = this.#held.length === 1 ? this.#held[0]! : concat(this.#held, this.#heldBytes);
    this.reset();
    return { kind: 'line', bytes };
  }
}

function concat(pieces: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const whole = new Uint8Array(totalBytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
