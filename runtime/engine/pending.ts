import { type Endpoint, endpointKey } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import type { RandomSource } from '../core/random.ts';
import type { Seq } from '../wire/message.ts';

/** Why a number was drawn: what its echo means. */
export type Purpose =
  /** Our ping of a probe's target. */
  | { readonly kind: 'probe'; readonly probeId: number; readonly from: NodeId }
  /** A helper's answer about a probe's target. */
  | {
      readonly kind: 'indirect';
      readonly probeId: number;
      readonly target: NodeId;
      readonly from: NodeId;
    }
  /** We help `requester` with a probe of `from`. */
  | { readonly kind: 'help'; readonly requester: NodeId; readonly requesterSeq: Seq; readonly from: NodeId }
  /** Proof that a peer's session is fresh. */
  | { readonly kind: 'proof'; readonly from: NodeId }
  /** A join of ours: who answers isn't known before. */
  | { readonly kind: 'join'; readonly seed: Endpoint; readonly from: undefined }
  /** A peer has heard that we leave. */
  | { readonly kind: 'goodbye'; readonly phase: 'leaving' | 'left'; readonly from: NodeId };

/** A number that was drawn, while its echo is awaited. */
export interface Drawn {
  readonly purpose: Purpose;
  /** Where the number was sent. */
  readonly to: Endpoint;
  readonly sentMs: number;
  readonly expiresMs: number;
}

const PENDING_MAX = 8192;

/** Random numbers that answers must echo: an ack with another number is ignored (B-3). Bounded by time and count. */
export class Pending {
  readonly #random: RandomSource;
  readonly #entries = new Map<Seq, Drawn>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Draws a number for this purpose, to be sent there. */
  draw(
    purpose: Purpose,
    { to, sentMs, ttlMs }: { readonly to: Endpoint; readonly sentMs: number; readonly ttlMs: number },
  ): Seq {
    this.#dropOld(sentMs);
    let seq = this.#random.uint32();
    while (this.#entries.has(seq)) seq = this.#random.uint32();
    this.#entries.set(seq, { purpose, to, sentMs, expiresMs: sentMs + ttlMs });
    return seq;
  }

  /** What this echo answers, if it comes from whom it was meant for; `take` false leaves it for a later answer (B-23). */
  match(seq: Seq, from: NodeId, nowMs: number, { take }: { take: boolean }): Drawn | undefined {
    const entry = this.#entries.get(seq);
    if (entry === undefined || entry.expiresMs < nowMs) return undefined;
    if (entry.purpose.from !== undefined && entry.purpose.from !== from) return undefined;
    if (take) this.#entries.delete(seq);
    return entry;
  }

  /** It was answered. */
  take(seq: Seq): void {
    this.#entries.delete(seq);
  }

  peek(seq: Seq): Drawn | undefined {
    return this.#entries.get(seq);
  }

  /** Whether a join to this seed was sent and not answered. */
  awaitsJoin(seed: Endpoint): boolean {
    const key = endpointKey(seed);
    for (const { purpose } of this.#entries.values()) {
      if (purpose.kind === 'join' && endpointKey(purpose.seed) === key) return true;
    }
    return false;
  }

  /** Insertion order is about the order of age: old ones are at the front. */
  #dropOld(nowMs: number): void {
    for (const [seq, entry] of this.#entries) {
      if (entry.expiresMs >= nowMs && this.#entries.size < PENDING_MAX) break;
      this.#entries.delete(seq);
    }
  }
}
