import type { AppValue, Quality } from '#runtime/core/value.ts';

/** One measured (or simulated) value on its way from a source to this node's own records. */
export interface Reading {
  /** Slash-separated name such as `system/cpu`; obeys `keyFault` in `reading-key.ts`. */
  readonly key: string;
  /** The value in `unit`. With quality `bad` it is the last good value, or null if there never was one. */
  readonly value: AppValue;
  /** Unit as printed for people: `%`, `W`, `W/m²`, `°C`. Absent for text, switches and counts. */
  readonly unit?: string;
  readonly quality: Quality;
  /**
   * Boot-time milliseconds at which `value` was measured, from the injected clock. Never in the future; with quality
   * `bad` or `stale` it stays at the last good measurement, so that the age tells the truth.
   */
  readonly takenAtMs: number;
}
