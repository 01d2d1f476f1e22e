/** A budget that refills steadily: `perSecond` on average, up to `burst` at once. Time is given, never read. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number | undefined;

  /** Full at the start. */
  constructor(limits: { readonly perSecond: number; readonly burst: number }) {
    this.#perMs = limits.perSecond / 1_000;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
  }

  /** Takes tokens where there are that many. @param nowMs monotonic; an earlier time than before refills nothing. */
  tryTake(nowMs: number, count = 1): boolean {
    const elapsed = nowMs - (this.#lastMs ?? nowMs);
    if (elapsed >= 0) {
      this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs);
      this.#lastMs = nowMs;
    }
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
