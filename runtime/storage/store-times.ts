import type { StoreAbout } from './table-store.ts';

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
   * @param about what it says; undefined: it is new.
   * @param now.machineBoot which run of the machine this is; null: unknown, so another one.
   * @param now.bootMs this node's boot-time clock.
   */
  constructor(
    about: StoreAbout | undefined,
    now: { readonly machineBoot: string | null; readonly bootMs: number },
  ) {
    this.#machineBoot = now.machineBoot;
    const goesOn =
      about !== undefined &&
      about.machineBoot !== null &&
      about.machineBoot === now.machineBoot &&
      now.bootMs + about.baseMs >= about.lastMs;
    this.era = goesOn ? about.era : (about?.era ?? 0) + 1;
    // Since the last write at least the time went by that this machine has been up. All that was written before lies below 0 of its clock.
    this.#baseMs = goesOn ? about.baseMs : about === undefined ? 0 : about.lastMs + 1;
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
