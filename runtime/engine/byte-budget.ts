/**
 * How many bytes a class of traffic may send: `perSecond` on average, `burst` at once. What is sent is counted afterwards and may
 * overdraw, so that a datagram needn't be measured before it is packed.
 */
export class ByteBudget {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs = 0;

  /** Full at the start. */
  constructor({ perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** The share of the burst that is left: 1 unused, 0 or less spent. */
  level(nowMs: number): number {
    return this.left(nowMs) / this.#burst;
  }

  /** Bytes that may be sent now; 0 or less: none. */
  left(nowMs: number): number {
    this.#refill(nowMs);
    return this.#left;
  }

  spend(bytes: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#left -= bytes;
  }

  /** When there will be something left to send, in milliseconds from now; 0 where there is. */
  waitMs(nowMs: number): number {
    const left = this.left(nowMs);
    return left > 0 ? 0 : Math.ceil(((1 - left) * 1_000) / this.#perSecond);
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    const earned = ((nowMs - this.#atMs) * this.#perSecond) / 1_000;
    this.#left = Math.min(this.#burst, this.#left + earned);
    this.#atMs = nowMs;
  }
}

/** Each class of traffic has a budget of its own, so that none can take another's share. */
export interface ByteBudgets {
  readonly verdict: ByteBudget;
  readonly membership: ByteBudget;
  readonly urgent: ByteBudget;
  readonly data: ByteBudget;
  readonly sync: ByteBudget;
}

/** What a node does on its own may come a second's worth at once; what many nodes do together after a blackout, less. */
const BURST_S = { own: 1, together: 0.25 } as const;

export function createByteBudgets(settings: {
  readonly verdictBytesPerSecond: number;
  readonly membershipBytesPerSecond: number;
  readonly urgentBytesPerSecond: number;
  readonly dataBytesPerSecond: number;
  readonly syncBytesPerSecond: number;
}): ByteBudgets {
  return {
    verdict: budgetOf(settings.verdictBytesPerSecond, BURST_S.own),
    membership: budgetOf(settings.membershipBytesPerSecond, BURST_S.together),
    urgent: budgetOf(settings.urgentBytesPerSecond, BURST_S.own),
    data: budgetOf(settings.dataBytesPerSecond, BURST_S.own),
    sync: budgetOf(settings.syncBytesPerSecond, BURST_S.together),
  };
}

function budgetOf(perSecond: number, burstS: number): ByteBudget {
  return new ByteBudget({ perSecond, burst: perSecond * burstS });
}
