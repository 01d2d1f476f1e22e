/** What others say may cost the medium so much a day. A card bears some thousand times its size. */
export const BYTES_A_DAY = 20_000_000;
const DAY_MS = 86_400_000;

/**
 * Bytes that may be written, as a day brings them; at most a day's worth is saved up, and there at the start. A write goes through whole, and
 * the next one waits for what it cost.
 */
export class WriteBudget {
  #bytes = BYTES_A_DAY;
  #notedMs: number;

  constructor(nowMs: number) {
    this.#notedMs = nowMs;
  }

  /** Whether something may be written. */
  isOpen(nowMs: number): boolean {
    const gained = ((nowMs - this.#notedMs) * BYTES_A_DAY) / DAY_MS;
    this.#bytes = Math.min(BYTES_A_DAY, this.#bytes + gained);
    this.#notedMs = nowMs;
    return this.#bytes >= 0;
  }

  /** So much was. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
  }
}
