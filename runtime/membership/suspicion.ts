import type { NodeId } from '../core/ids.ts';

/** What a node's own accusers say about its present life. */
export interface Accusation {
  readonly accuser: NodeId;
  readonly boot: number;
  readonly incarnation: number;
  readonly stage: 'suspect' | 'down';
  /** When it was made, on this node's clock. */
  readonly madeAtMs: number;
  /** When this node heard of it. */
  readonly heardAtMs: number;
  /** Whether the accuser had it from the host itself that nobody listens there. */
  readonly refused?: boolean;
}

export interface SuspicionTimes {
  readonly minMs: number;
  readonly maxMs: number;
  /** Expected confirmations k beyond the first accuser. */
  readonly confirmations: number;
  /** How long a suspicion stands that enough accusers had from the host itself. */
  readonly refusedMs: number;
}

/** Of the least suspicion time of a small cluster: long enough for a refutation to reach everybody. */
const REFUSED_SHARE = 0.4;

/** The bounds of suspicion for a cluster of `members` [P-6.3]. */
export function suspicionTimes(
  members: number,
  settings: {
    probeIntervalMs: number;
    suspicionMultiplier: number;
    suspicionMaxFactor: number;
    suspicionConfirmations: number;
  },
): SuspicionTimes {
  const minMs =
    settings.suspicionMultiplier * Math.max(1, Math.log10(Math.max(1, members))) * settings.probeIntervalMs;
  return {
    minMs,
    maxMs: settings.suspicionMaxFactor * minMs,
    confirmations: Math.max(0, Math.min(settings.suspicionConfirmations, members - 2)),
    refusedMs: REFUSED_SHARE * settings.suspicionMultiplier * settings.probeIntervalMs,
  };
}

/** How long a suspicion may stand, by the number of accusers beyond the first (Lifeguard; B-24, B-26). */
export function suspicionTimeMs(times: SuspicionTimes, confirmed: number): number {
  if (times.confirmations < 1) return times.minMs;
  const share = Math.log(confirmed + 1) / Math.log(times.confirmations + 1);
  return Math.max(times.minMs, times.maxMs - (times.maxMs - times.minMs) * share);
}

/**
 * Whether a suspicion needs no more time than a refutation takes: as many accusers as it ever waits for, and never one alone, were
 * told by the host that nobody listens [P-6.9].
 */
export function isRefused(times: SuspicionTimes, refusedBy: number): boolean {
  return refusedBy >= 2 && refusedBy > times.confirmations;
}

interface Life {
  readonly boot: number;
  readonly incarnation: number;
}

/** The standing accusations against one member, one per accuser (B-25: the same accuser counts once). */
export class Suspicion {
  readonly #byAccuser = new Map<NodeId, Accusation>();
  #heardAtMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#byAccuser.size;
  }

  get accusers(): NodeId[] {
    return [...this.#byAccuser.keys()];
  }

  has(accuser: NodeId): boolean {
    return this.#byAccuser.has(accuser);
  }

  /** Whether this accuser says so of this life, and it counts. */
  stands(accuser: NodeId, life: Life): boolean {
    const accusation = this.#byAccuser.get(accuser);
    return accusation !== undefined && sameLife(accusation, life);
  }

  /** @returns whether it changed anything: a repetition keeps the first one's time (B-27). */
  add(accusation: Accusation): boolean {
    const before = this.#byAccuser.get(accusation.accuser);
    if (this.#byAccuser.size === 0) this.#heardAtMs = accusation.heardAtMs;
    if (
      before !== undefined &&
      sameLife(before, accusation) &&
      (before.stage === accusation.stage || before.stage === 'down')
    )
      return false;
    const madeAtMs =
      before !== undefined && sameLife(before, accusation)
        ? Math.min(before.madeAtMs, accusation.madeAtMs)
        : accusation.madeAtMs;
    this.#byAccuser.set(accusation.accuser, { ...accusation, madeAtMs });
    return true;
  }

  remove(accuser: NodeId): boolean {
    return this.#byAccuser.delete(accuser);
  }

  /** Drops accusations of other lives than this one: they are refuted, or don't concern it. */
  keepOnly(life: Life): void {
    for (const [accuser, accusation] of this.#byAccuser) {
      if (!sameLife(accusation, life)) this.#byAccuser.delete(accuser);
    }
  }

  clear(): void {
    this.#byAccuser.clear();
  }

  /** How many accusers had it from the host that nobody listens. */
  get refusedBy(): number {
    let count = 0;
    for (const { refused } of this.#byAccuser.values()) if (refused === true) count++;
    return count;
  }

  /** When this node first heard of the accusations that stand; Infinity without one. */
  get heardAtMs(): number {
    return this.#byAccuser.size === 0 ? Number.POSITIVE_INFINITY : this.#heardAtMs;
  }

  /** When the earliest standing accusation was made; Infinity without one. */
  get startMs(): number {
    let start = Number.POSITIVE_INFINITY;
    for (const accusation of this.#byAccuser.values()) start = Math.min(start, accusation.madeAtMs);
    return start;
  }
}

function sameLife(a: Life, b: Life): boolean {
  return a.boot === b.boot && a.incarnation === b.incarnation;
}
