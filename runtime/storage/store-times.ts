import type { StoreAbout, StoredRow } from './table-store.ts';

/**
 * Time as a store counts it: it runs on over the lives of the process as long as the machine does, and over restarts of the machine it
 * stands still for as long as nobody knows. So an age by it is right within an *era* (one run of the machine), and over several at least
 * so much. No wall clock: boards have none that can be believed.
 */
export class StoreTimes {
  readonly era: number;
  readonly #machineBoot: string | null;
  readonly #baseMs: number;

  /**
   * Goes on from what a store says.
   * @param about what it says; undefined: it is new, or says it no more.
   * @param now.machineBoot which run of the machine this is; null: unknown, so another one.
   * @param now.bootMs this node's boot-time clock.
   * @param rows what it holds: where it doesn't say when it was written, all of them are of earlier eras.
   */
  constructor(
    about: StoreAbout | undefined,
    now: { readonly machineBoot: string | null; readonly bootMs: number },
    rows: readonly Pick<StoredRow, 'era' | 'setAtMs'>[] = [],
  ) {
    const { machineBoot, bootMs } = now;
    this.#machineBoot = machineBoot;
    if (about === undefined) {
      let [era, lastMs] = [0, -1];
      for (const row of rows) [era, lastMs] = [Math.max(era, row.era), Math.max(lastMs, row.setAtMs)];
      this.era = era + 1;
      this.#baseMs = rows.length === 0 ? 0 : lastMs + 1 - Math.round(bootMs);
      return;
    }
    const isSameRun = machineBoot !== null && about.machineBoot === machineBoot;
    const wentBack = bootMs + about.baseMs < about.lastMs;
    const goesOn = isSameRun && !wentBack;
    const isOtherRun = machineBoot !== null && about.machineBoot !== null && !isSameRun;
    this.era = goesOn ? about.era : about.era + 1;
    // All that was written before lies below this moment. Where another run is proven, it has been up since then at least; else nobody knows.
    const sinceMs = wentBack || isOtherRun ? 0 : Math.round(bootMs);
    this.#baseMs = goesOn ? about.baseMs : about.lastMs + 1 - sinceMs;
  }

  toStore(bootMs: number): number {
    return Math.round(bootMs) + this.#baseMs;
  }

  toBoot(storeMs: number): number {
    return storeMs - this.#baseMs;
  }

  /** What a store is to say of a write at this moment. */
  at(bootMs: number): Pick<StoreAbout, 'era' | 'machineBoot' | 'baseMs' | 'lastMs'> {
    return {
      era: this.era,
      machineBoot: this.#machineBoot,
      baseMs: this.#baseMs,
      lastMs: this.toStore(bootMs),
    };
  }
}
