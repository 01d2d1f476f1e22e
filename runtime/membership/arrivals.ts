const SAMPLES_MAX = 32;
const SAMPLES_MIN = 4;
/** Datagrams that come together are no rhythm. */
const RHYTHM_MS_MIN = 100;

/**
 * Suspicion level phi by the history of arrivals (Hayashibara et al. 2004), with an exponential model: phi = elapsed / (mean * ln 10).
 * A gap longer than ten means is no sample: it was an outage, not a rhythm.
 */
export class Arrivals {
  readonly #gaps: number[] = [];
  #lastMs: number | null = null;

  get lastMs(): number | null {
    return this.#lastMs;
  }

  add(nowMs: number): void {
    if (this.#lastMs !== null) {
      const gap = nowMs - this.#lastMs;
      const mean = this.#meanMs();
      if (mean === null || gap <= 10 * Math.max(mean, RHYTHM_MS_MIN)) this.#gaps.push(gap);
      if (this.#gaps.length > SAMPLES_MAX) this.#gaps.shift();
    }
    this.#lastMs = nowMs;
  }

  /** @returns null while there are too few samples. */
  phi(nowMs: number): number | null {
    const mean = this.#meanMs();
    if (mean === null || this.#lastMs === null) return null;
    return (nowMs - this.#lastMs) / (Math.max(mean, RHYTHM_MS_MIN) * Math.LN10);
  }

  /** When phi will have risen to `level` if nothing comes; null while there are too few samples. */
  reachesMs(level: number): number | null {
    const mean = this.#meanMs();
    if (mean === null || this.#lastMs === null) return null;
    return this.#lastMs + level * Math.max(mean, RHYTHM_MS_MIN) * Math.LN10;
  }

  /** Starts afresh: the other side is in a new life. */
  reset(): void {
    this.#gaps.length = 0;
    this.#lastMs = null;
  }

  #meanMs(): number | null {
    if (this.#gaps.length < SAMPLES_MIN) return null;
    return this.#gaps.reduce((sum, gap) => sum + gap, 0) / this.#gaps.length;
  }
}
