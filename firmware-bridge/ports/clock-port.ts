/** Time for sources. Tests inject a hand-driven one; the daemon injects the one of its event loop. */
export interface ClockPort {
  /** Boot-time milliseconds: monotonic, runs on in suspend. All intervals, ages and time-outs use it. */
  nowMs(): number;
  /** Unix time in milliseconds. May jump; only the sun's position and people use it. */
  wallMs(): number;
  /**
   * Calls `callback` once, `delayMs` (0 or more) from now or later. Returns a function that cancels it; cancelling
   * twice or too late is harmless.
   */
  schedule(delayMs: number, callback: () => void): () => void;
}
