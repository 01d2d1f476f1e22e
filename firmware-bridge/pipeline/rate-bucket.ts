/**
 * A token bucket, kept as the one time at which it would be full again (the generic cell rate algorithm, ITU-T I.371):
 * `burst` at once, then `perSecond` a second.
 */
export class RateBucket {
  readonly #spacingMs: number;
  readonly #toleranceMs: number;
  #fullAtMs = Number.NEGATIVE_INFINITY;

  /** `perSecond` above 0; `burst` at least 1, default one second's worth. */
  constructor(options: { readonly perSecond: number; readonly burst?: number }) {
    this.#spacingMs = 1000 / options.perSecond;
    this.#toleranceMs = this.#spacingMs * (Math.max(1, options.burst ?? options.perSecond) - 1);
  }

  /** Takes one token if there is one. */
  take(nowMs: number): boolean {
    if (nowMs < this.readyAtMs()) return false;
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + this.#spacingMs;
    return true;
  }

  /** The earliest time at which `take` succeeds; in the past if it would succeed now. */
  readyAtMs(): number {
    return this.#fullAtMs - this.#toleranceMs;
  }
}
