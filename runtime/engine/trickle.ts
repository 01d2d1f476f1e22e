/** Consistent messages of others that make an own one needless (RFC 6206: the redundancy constant k). */
const REDUNDANCY = 2;

/**
 * Paces what is said again and again for safety's sake (after RFC 6206): as long as enough others are heard that agree, nothing is said
 * and the pauses double up to a maximum; a difference, or hearing nobody, brings back the shortest pause.
 */
export class Trickle {
  #minMs: number;
  #maxMs: number;
  #intervalMs: number;
  #consistent = 0;

  /** @param bounds.minMs,maxMs of the pause; `minMs` is above 0 and at most `maxMs`. */
  constructor(bounds: { readonly minMs: number; readonly maxMs: number }) {
    this.#minMs = bounds.minMs;
    this.#maxMs = bounds.maxMs;
    this.#intervalMs = bounds.minMs;
  }

  /** Other bounds from now on, as in the constructor; the pause goes on from the new minimum, as after a start. */
  bound({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): void {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#intervalMs = minMs;
  }

  /** The pause that is running. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Somebody said the same as this node would. */
  hearConsistent(): void {
    this.#consistent++;
  }

  /** Somebody said something else. */
  hearInconsistent(): void {
    this.#consistent = 0;
    this.#intervalMs = this.#minMs;
  }

  /** The pause is over, and the next one begins. @returns whether to speak now. */
  turn(): boolean {
    const speaks = this.#consistent < REDUNDANCY;
    this.#intervalMs = speaks ? this.#minMs : Math.min(2 * this.#intervalMs, this.#maxMs);
    this.#consistent = 0;
    return speaks;
  }
}
