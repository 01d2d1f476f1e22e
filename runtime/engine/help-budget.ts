import type { NodeId } from '../core/ids.ts';
import { TokenBucket } from '../core/token-bucket.ts';

type Rate = { readonly perSecond: number; readonly burst: number };

/** A board asks for help about once a second, where all are reached through one: one that asks much more often is ill or stolen. */
const OF_ONE: Rate = { perSecond: 10, burst: 20 };
/** Pings for others, of members that this node calls. */
const CALLED: Rate = { perSecond: 100, burst: 200 };
/** The same of members that called this node and that nobody else may reach: one for each of the most that may have sessions, twice. */
const CALLING: Rate = { perSecond: 512, burst: 1_024 };
/** What is passed on for others [P-19.13], in all and of one. */
const CARRIED: Rate = { perSecond: 100, burst: 200 };
const CARRIED_OF_ONE: Rate = { perSecond: 20, burst: 40 };
/** Who asked longest ago is forgotten first. */
const REQUESTERS_MAX = 1_024;

/** How much this node does for others [P-6.2]: nobody uses up what is there for all. */
export class HelpBudget {
  readonly #called = new TokenBucket(CALLED);
  readonly #calling = new TokenBucket(CALLING);
  readonly #carried = new TokenBucket(CARRIED);
  readonly #asking = new Map<NodeId, TokenBucket>();
  readonly #carrying = new Map<NodeId, TokenBucket>();

  /** Whether a requester may ask at all. */
  takeRequest(requester: NodeId, nowMs: number): boolean {
    return bucketOf(this.#asking, requester, OF_ONE).tryTake(nowMs);
  }

  /** Whether there is enough for one more ping. @param target whether this node calls the target, or was called by it. */
  takePing(target: 'called' | 'calling', nowMs: number): boolean {
    return (target === 'calling' ? this.#calling : this.#called).tryTake(nowMs);
  }

  /** Whether one more message may be passed on for this sender. */
  takeCarry(sender: NodeId, nowMs: number): boolean {
    return bucketOf(this.#carrying, sender, CARRIED_OF_ONE).tryTake(nowMs) && this.#carried.tryTake(nowMs);
  }
}

function bucketOf(buckets: Map<NodeId, TokenBucket>, id: NodeId, rate: Rate): TokenBucket {
  const bucket = buckets.get(id) ?? new TokenBucket(rate);
  buckets.delete(id);
  const [oldest] = buckets.keys();
  if (buckets.size >= REQUESTERS_MAX && oldest !== undefined) buckets.delete(oldest);
  buckets.set(id, bucket);
  return bucket;
}
