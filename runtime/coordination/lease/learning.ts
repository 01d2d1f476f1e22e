import type { NodeId } from '../../core/ids.ts';
import type { Roster } from '../../core/roster.ts';
import { majorityOf, setsOf, votersOf } from './roster.ts';

/**
 * What a voter has to hear from others: of each set of voters so many that every majority that ever voted has one among them
 * [P-17.11, P-17.12].
 */
export class Learning {
  readonly #wanted: readonly { readonly others: readonly NodeId[]; readonly count: number }[];
  readonly #tops = new Map<NodeId, number>();
  /** Whom to ask. */
  readonly others: readonly NodeId[];
  /** The question that counts; 0: none was asked yet. */
  number = 0;

  /** @param own whether this voter itself knows what it promised. */
  constructor(roster: Roster, self: NodeId, own: 'intact' | 'lost') {
    this.others = votersOf(roster).filter((id) => id !== self);
    this.#wanted = setsOf(roster).map((set) => ({
      others: set.filter((id) => id !== self),
      count: othersNeeded(set, self, own),
    }));
  }

  /** How many more answers are needed, at least. */
  get missing(): number {
    const lacking = this.#wanted.map(
      ({ others, count }) => count - others.filter((id) => this.#tops.has(id)).length,
    );
    return Math.max(0, ...lacking);
  }

  /** The highest ballot that was heard of. */
  get top(): number {
    return Math.max(0, ...this.#tops.values());
  }

  /** One of the others, who knows what it promised, says how far it is. */
  note(from: NodeId, top: number): void {
    if (this.others.includes(from)) this.#tops.set(from, top);
  }
}

/**
 * A majority that voted had this voter in it or not; where it has forgotten, each that had it must show among the others: so many that
 * those who didn't answer are fewer than such a majority's rest.
 */
function othersNeeded(set: readonly NodeId[], self: NodeId, own: 'intact' | 'lost'): number {
  if (!set.includes(self)) return majorityOf(set);
  return own === 'intact' ? majorityOf(set) - 1 : Math.ceil(set.length / 2);
}
