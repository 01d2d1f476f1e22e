/** Boots that one identity may rise by in a day, as others believe it: a sixty-fourth of all there are [P-5.23]. */
export const BOOT_RISE_PER_DAY = 16_384;

const DAY_MS = 86_400_000;
/** A claim that was refused and is heard again within this time still stands. */
const STANDS_MS = 3_600_000;

/**
 * How far a boot may still rise: a bucket of a day's worth that fills again within a day. A board that starts every six seconds stays
 * within it; whoever lies about a board's boot needs two months to use its boots up. While a claim that is too far goes on being made,
 * the bucket fills beyond its brim: a board that has really come so far isn't locked out for good.
 */
export class BootRises {
  #left = BOOT_RISE_PER_DAY;
  #atMs: number | undefined;
  #refusedMs = Number.NEGATIVE_INFINITY;

  /** Whether there is room for a rise of so many boots. @param nowMs monotonic milliseconds. */
  allows(boots: number, nowMs: number): boolean {
    const passedMs = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs);
    const stands = nowMs - this.#refusedMs < STANDS_MS;
    this.#atMs = nowMs;
    this.#left += (passedMs * BOOT_RISE_PER_DAY) / DAY_MS;
    if (!stands) this.#left = Math.min(BOOT_RISE_PER_DAY, this.#left);
    if (boots <= this.#left) return true;
    this.#refusedMs = nowMs;
    return false;
  }

  /** Takes a rise of so many boots if there is room for it. */
  tryTake(boots: number, nowMs: number): boolean {
    if (!this.allows(boots, nowMs)) return false;
    this.#left -= boots;
    return true;
  }
}
