/**
 * Spells in which a node could not take part, as far as they excuse a verdict. One that lasted no longer than `msMax` excuses
 * nothing; spells with no more than that of rest between them count as one.
 */
export class Excuse {
  readonly #msMax: number;
  #sinceMs: number | undefined;
  #lastSinceMs = Number.NEGATIVE_INFINITY;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #goodUntilMs = Number.NEGATIVE_INFINITY;

  constructor(msMax: number) {
    this.#msMax = msMax;
  }

  begin(atMs: number): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = atMs - this.#lastEndMs <= this.#msMax ? this.#lastSinceMs : atMs;
  }

  end(atMs: number): void {
    if (this.#sinceMs === undefined) return;
    if (atMs - this.#sinceMs > this.#msMax) this.#goodUntilMs = atMs;
    this.#lastSinceMs = this.#sinceMs;
    this.#lastEndMs = atMs;
    this.#sinceMs = undefined;
  }

  /** Whether a spell that counts lasted until `sinceMs` or later. */
  holds(sinceMs: number, nowMs: number): boolean {
    if (this.#sinceMs !== undefined && nowMs - this.#sinceMs > this.#msMax) return true;
    return this.#goodUntilMs >= sinceMs;
  }
}
