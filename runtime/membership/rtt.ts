/** Smoothed round-trip time and its deviation (RFC 6298 section 2). */
export class RoundTrip {
  #smoothedMs: number | null = null;
  #deviationMs = 0;

  get smoothedMs(): number | null {
    return this.#smoothedMs;
  }

  /** About the 99th percentile of the round trip; null before the first sample. */
  get highMs(): number | null {
    return this.#smoothedMs === null ? null : this.#smoothedMs + 3 * this.#deviationMs;
  }

  add(sampleMs: number): void {
    if (this.#smoothedMs === null) {
      this.#smoothedMs = sampleMs;
      this.#deviationMs = sampleMs / 2;
      return;
    }
    this.#deviationMs = 0.75 * this.#deviationMs + 0.25 * Math.abs(this.#smoothedMs - sampleMs);
    this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * sampleMs;
  }
}
