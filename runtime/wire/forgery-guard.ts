import { TokenBucket } from '../core/token-bucket.ts';

/** So many failures within the window make a source one that forges. */
const FAILURES_MAX = 16;
const WINDOW_MS = 10_000;
/** What sources of failures share, as a part of the budget. Somebody who forges addresses could else shut out whom he likes for a few datagrams. */
const FORGERS_SHARE = 0.2;
/** A power of two. Two sources that share a slot share its failures, for a window at most. */
const SLOTS = 1_024;

export interface ForgeryGuardOptions {
  /** Tries a second of datagrams that nothing speaks for; each costs an opening, under an unknown salt a key derivation too. */
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Decides which datagrams are worth an opening where nothing speaks for them: their salt isn't known, or they come from elsewhere
 * than those of that salt. All share one budget; sources of failures share a smaller one for a while, so that a flood from few
 * addresses takes little strength and no newcomer's place. Its memory is fixed.
 */
export class ForgeryGuard {
  readonly #budget: TokenBucket;
  readonly #forgers: TokenBucket;
  readonly #failures = new Uint8Array(SLOTS);
  readonly #sinceMs = new Float64Array(SLOTS);

  constructor(options: ForgeryGuardOptions) {
    const { perSecond, burst } = options;
    this.#budget = new TokenBucket(options);
    this.#forgers = new TokenBucket({ perSecond: FORGERS_SHARE * perSecond, burst: FORGERS_SHARE * burst });
  }

  /** Whether one key may be tried now; it takes a token. @param source of `sourceOf`; undefined: not known, so it has no failures. */
  mayTry(nowMs: number, source: number | undefined): boolean {
    const isForger = source !== undefined && this.#isForger(nowMs, source & (SLOTS - 1));
    return (isForger ? this.#forgers : this.#budget).tryTake(nowMs);
  }

  /** A datagram of this source that was tried didn't open. */
  noteFailure(nowMs: number, source: number | undefined): void {
    if (source === undefined) return;
    const slot = source & (SLOTS - 1);
    if (this.#failures[slot] === 0) this.#sinceMs[slot] = nowMs;
    if (this.#failures[slot] < FAILURES_MAX) this.#failures[slot]++;
  }

  #isForger(nowMs: number, slot: number): boolean {
    if (this.#failures[slot] === 0) return false;
    if (nowMs - this.#sinceMs[slot] >= WINDOW_MS) this.#failures[slot] = 0;
    return this.#failures[slot] >= FAILURES_MAX;
  }
}

/** A number that stands for where a datagram came from: 32 bits of a hash. */
export function sourceOf(address: string, port: number): number {
  let hash = port;
  for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), 0x0100_0193);
  return hash ^ (hash >>> 15);
}
