/** A device that is busy so many times in a row is worth a condition. */
const TIMES_MAX = 3;

/** Tells refusals that are worth a condition from those of a moment. */
export class RefusalPatience {
  readonly #times = new Map<string, number>();

  /** Whether a refusal of `what` is worth telling: a lasting one at once, one that may pass from the third in a row. */
  isExhausted(what: string, how: { readonly isLasting: boolean }): boolean {
    const times = (this.#times.get(what) ?? 0) + 1;
    this.#times.set(what, times);
    return how.isLasting || times >= TIMES_MAX;
  }

  /** It gave what it was asked for, or isn't asked any more. */
  forget(what: string): void {
    this.#times.delete(what);
  }
}
