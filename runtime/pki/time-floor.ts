/** What only `verify*` makes of a root's or a registrar's signature: it is at least this late. */
export interface ProvenTime {
  /** Seconds since 1970. */
  readonly provenSeconds: number;
}

/**
 * The fleet's time floor [P-11.8]: the latest time that a root, or a registrar within its own validity, has put its name to. It is
 * never later than the true time where their clocks are right, and a plain member can't move it. The caller persists it.
 */
export class TimeFloor {
  #seconds: number;

  /** @param seconds as persisted, 0 where nothing is known. @throws RangeError where it isn't whole seconds from 0. */
  constructor(seconds = 0) {
    if (!(Number.isSafeInteger(seconds) && seconds >= 0))
      throw new RangeError(`time floor: expected whole seconds from 0; got ${seconds}`);
    this.#seconds = seconds;
  }

  /** Seconds since 1970. */
  get seconds(): number {
    return this.#seconds;
  }

  /** @returns whether it rose, and is to be persisted. */
  observe({ provenSeconds }: ProvenTime): boolean {
    if (!(Number.isSafeInteger(provenSeconds) && provenSeconds > this.#seconds)) return false;
    this.#seconds = provenSeconds;
    return true;
  }
}
