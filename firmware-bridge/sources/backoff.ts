export interface BackoffOptions {
  /** First pause, ms. */
  readonly minMs: number;
  /** Longest pause, ms; each pause is twice the one before. */
  readonly maxMs: number;
  /** A run that lasted this long, in ms, counts as success: the next pause is the first again. */
  readonly settledAfterMs: number;
}

/** The pauses between restarts of something that keeps ending. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.minMs;
  }

  /** The pause after a run that lasted `ranForMs`. */
  pauseAfter(ranForMs: number): number {
    if (ranForMs >= this.#options.settledAfterMs) this.#nextMs = this.#options.minMs;
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(this.#options.maxMs, pauseMs * 2);
    return pauseMs;
  }
}
