import type { NodeId } from '../core/ids.ts';
import { ByteBudget } from './byte-budget.ts';

/** What events may cost the medium so much a day; a day's worth is there at the start. A card bears some thousand times its size. */
const BYTES_A_DAY = 20_000_000;
const DAY_S = 86_400;
/** A file of its own costs so much besides its content: its node, its entry, the journal. */
const WRITE_BYTES = 8_192;
const BLOCK_BYTES = 4_096;
/** Writes that one sender's events may be worth: so many at once, and one more each minute. */
const OF_SENDER = { perSecond: 1 / 60, burst: 500 } as const;
const SENDERS_MAX = 1_024;
/** What isn't worth a write of its own waits so long for one. */
export const LATE_MS = 60_000;

/**
 * When what was taken of events is put on the medium: at once while its sender and all together have writes left, else with the next write,
 * and after a minute anyway. So nobody wears a card out, and one who sends too much delays itself first [P-18.6].
 */
export class EventPace {
  readonly #all = new ByteBudget({ perSecond: BYTES_A_DAY / DAY_S, burst: BYTES_A_DAY });
  readonly #ofSenders = new Map<NodeId, ByteBudget>();

  /** Whether an event of this sender is worth a write at once; then its share has one less. */
  take(sender: NodeId, nowMs: number): boolean {
    const own = this.#budgetOf(sender);
    if (this.#all.left(nowMs) <= 0 || own.left(nowMs) < 1) return false;
    own.spend(1, nowMs);
    return true;
  }

  /** A write of so many bytes went to the medium. */
  spend(bytes: number, nowMs: number): void {
    // As base64, in whole blocks.
    const blocks = Math.ceil((bytes * 4) / 3 / BLOCK_BYTES);
    this.#all.spend(WRITE_BYTES + blocks * BLOCK_BYTES, nowMs);
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
