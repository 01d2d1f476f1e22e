import { PROMISES_MAX } from '../../core/limits.ts';
import { type Claimant, isSameClaim, isSamePromise, type LeasePromise } from './promise.ts';
import { LEASE_RULES, type LeaseRules } from './rules.ts';

/** A promise, and how long it stands in this life. */
export interface Standing {
  readonly promise: LeasePromise;
  /** By this voter's own clock; at or before now: it is over. */
  readonly untilMs: number;
  /** The highest number under which the holder asked in this life of the voter. */
  readonly number: number;
}

/** What a holder asks for. */
export interface Request extends Claimant {
  readonly name: string;
  readonly ballot: number;
  readonly fence: number;
  readonly ttlMs: number;
  readonly number: number;
}

/** What came of it. `isNew`: the medium doesn't hold it yet. */
export type Outcome =
  | { readonly verdict: 'granted'; readonly isNew: boolean }
  | { readonly verdict: 'taken'; readonly leftMs: number }
  | { readonly verdict: 'ballot' | 'full' }
  /** An old question, overtaken by a later one of the same claim: not answered. */
  | { readonly verdict: 'overtaken' };

/**
 * The promises of one voter [P-17.4]. One a lease; of a lease that isn't here it only knows that every ballot at or below the floor is
 * spent. So neither the number of names that were ever used nor a lost table makes a fence fall.
 */
export class PromiseBook {
  readonly #rules: LeaseRules;
  readonly #standings = new Map<string, Standing>();
  #floor: number;

  /** @param kept the promises of earlier lives, each standing for its whole time from now on. */
  constructor(
    kept: { readonly floor: number; readonly promises: readonly LeasePromise[] },
    nowMs: number,
    rules: LeaseRules = LEASE_RULES,
  ) {
    this.#rules = rules;
    this.#floor = kept.floor;
    for (const promise of kept.promises) {
      const restoredMs = rules.restoredUntilMs({ startedMs: nowMs, ttlMs: promise.ttlMs });
      this.#standings.set(promise.name, { promise, untilMs: promise.live ? restoredMs : nowMs, number: 0 });
    }
  }

  get floor(): number {
    return this.#floor;
  }

  /** The highest ballot that it knows of whatever lease. */
  get top(): number {
    let top = this.#floor;
    for (const { promise } of this.#standings.values()) top = Math.max(top, promise.ballot);
    return top;
  }

  /** When the next promise ends; Infinity: none stands. */
  get nextEndMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { promise, untilMs } of this.#standings.values())
      if (promise.live) nextMs = Math.min(nextMs, untilMs);
    return nextMs;
  }

  promises(): LeasePromise[] {
    return Array.from(this.#standings.values(), ({ promise }) => promise);
  }

  get(name: string): Standing | undefined {
    return this.#standings.get(name);
  }

  /** Raises the floor, never lowers it. */
  raiseFloor(to: number): void {
    this.#floor = Math.max(this.#floor, to);
  }

  claim(request: Request, nowMs: number): Outcome {
    const { name, holder, boot, claim, ballot, fence, ttlMs, number } = request;
    const standing = this.#standings.get(name);
    const own = standing !== undefined && isSameClaim(standing.promise, request);
    if (standing !== undefined && !own && standing.promise.live && standing.untilMs > nowMs)
      return { verdict: 'taken', leftMs: standing.untilMs - nowMs };
    if (own && number < standing.number) return { verdict: 'overtaken' };
    const known = { floor: this.#floor, promised: standing?.promise.ballot ?? 0 };
    const isEnough = own ? ballot >= standing.promise.ballot : this.#rules.isNewBallot(ballot, known);
    if (!isEnough) return { verdict: 'ballot' };
    if (standing === undefined && !this.#makeRoom(nowMs)) return { verdict: 'full' };
    // Whoever holds nothing yet will act under the ballot, if it wins.
    const promised = fence === 0 ? ballot : fence;
    const promise: LeasePromise = { name, holder, boot, claim, ballot, fence: promised, ttlMs, live: true };
    const untilMs = this.#rules.promisedUntilMs({ receivedMs: nowMs, ttlMs });
    this.#standings.set(name, { promise, untilMs, number });
    return { verdict: 'granted', isNew: standing === undefined || !isSamePromise(standing.promise, promise) };
  }

  /** Ends a promise before its time; only its holder can, and only by a later question. @returns whether something changed. */
  release(request: Claimant & { readonly name: string; readonly number: number }): boolean {
    const standing = this.#standings.get(request.name);
    if (standing === undefined || !isSameClaim(standing.promise, request)) return false;
    if (request.number < standing.number) return false;
    const { promise, untilMs } = standing;
    this.#standings.set(promise.name, {
      promise: { ...promise, live: false },
      untilMs,
      number: request.number + 1,
    });
    return promise.live;
  }

  /** Ends what has come to its end. @returns the names. */
  end(nowMs: number): string[] {
    const ended: string[] = [];
    for (const [name, { promise, untilMs, number }] of this.#standings) {
      if (!promise.live || untilMs > nowMs) continue;
      this.#standings.set(name, { promise: { ...promise, live: false }, untilMs, number });
      ended.push(name);
    }
    return ended;
  }

  /** Forgets the promise that ended first, but not its ballot. @returns false where all still stand. */
  #makeRoom(nowMs: number): boolean {
    if (this.#standings.size < PROMISES_MAX) return true;
    const over = [...this.#standings.values()].filter(
      ({ promise, untilMs }) => !promise.live || untilMs <= nowMs,
    );
    const [oldest] = over.sort((a, b) => a.untilMs - b.untilMs);
    if (oldest === undefined) return false;
    this.raiseFloor(oldest.promise.ballot);
    this.#standings.delete(oldest.promise.name);
    return true;
  }
}
