import type { EventScope } from '../coordination/events/event-state.ts';
import type { NodeId } from '../core/ids.ts';
import { ByteBudget } from './byte-budget.ts';

const DAY_S = 86_400;
/** What events may cost the medium a day; as much is there at the start. A card bears some thousand times its size. */
const SHARED_BYTES_A_DAY = 14_000_000;
/** The same, for those who seldom send, where the others have used that up. */
const SELDOM_BYTES_A_DAY = 6_000_000;
/** What is written into its place costs a block, and its file's time of change, which is written later. */
const CHANGES_BYTES = 6_144;
/** A file that is replaced costs so much besides its content: names, nodes, the journal. */
const REPLACED_BYTES = 16_384;
const BLOCK_BYTES = 4_096;
/** Writes that one sender's events may be worth: so many at once, and one more each minute. */
const OF_SENDER = { perSecond: 1 / 60, burst: 500 } as const;
/** Who has so many of them left sends seldom. */
const SELDOM_LEFT = 450;
const SENDERS_MAX = 1_024;
/** So long an event waits whose sender has no writes left, unless another is written before. */
const LATE_MS = 60_000;

/**
 * When what was taken of events is put on the medium: at once while its sender and all together have something left, else with the next
 * write, or once there is something left again. So nobody wears a card out, and one who sends too much delays itself first [P-18.6].
 */
export class EventPace {
  readonly #shared = new ByteBudget({
    perSecond: SHARED_BYTES_A_DAY / DAY_S,
    burst: SHARED_BYTES_A_DAY,
  });
  readonly #seldom = new ByteBudget({
    perSecond: SELDOM_BYTES_A_DAY / DAY_S,
    burst: SELDOM_BYTES_A_DAY,
  });
  readonly #ofSenders = new Map<NodeId, ByteBudget>();

  /** When an event of this sender that was taken now is worth a write, at the latest; its share has one less where that is now. */
  take(sender: NodeId, nowMs: number): { readonly atMs: number; readonly isOverShare: boolean } {
    const own = this.#budgetOf(sender);
    const left = own.left(nowMs);
    if (left < 1) return { atMs: nowMs + Math.max(LATE_MS, this.waitMs(nowMs)), isOverShare: true };
    const mayNow = this.#shared.left(nowMs) > 0 || (left >= SELDOM_LEFT && this.#seldom.left(nowMs) > 0);
    if (!mayNow) return { atMs: nowMs + this.waitMs(nowMs), isOverShare: false };
    own.spend(1, nowMs);
    return { atMs: nowMs, isOverShare: false };
  }

  /** How long a write has to wait that is for nobody in particular. */
  waitMs(nowMs: number): number {
    return this.#shared.waitMs(nowMs);
  }

  /** A write went to the medium. */
  spend({ scope, bytes }: { readonly scope: EventScope; readonly bytes: number }, nowMs: number): void {
    // As base64, in whole blocks.
    const blocks = Math.ceil((bytes * 4) / 3 / BLOCK_BYTES);
    const cost = scope === 'changes' ? CHANGES_BYTES : REPLACED_BYTES + blocks * BLOCK_BYTES;
    const budget = this.#shared.left(nowMs) > 0 ? this.#shared : this.#seldom;
    budget.spend(cost, nowMs);
  }

  #budgetOf(sender: NodeId): ByteBudget {
    const present = this.#ofSenders.get(sender);
    if (present !== undefined) return present;
    for (const [oldest] of this.#ofSenders) {
      if (this.#ofSenders.size < SENDERS_MAX) break;
      this.#ofSenders.delete(oldest);
    }
    const budget = new ByteBudget(OF_SENDER);
    this.#ofSenders.set(sender, budget);
    return budget;
  }
}
