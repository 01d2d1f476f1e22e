import { type RandomSource, shuffle } from '../core/random.ts';
import type { Member } from '../membership/member.ts';

/** So much larger than at the last shuffle: the newcomers' turn would come too late. */
const GROWN = 1.25;

/**
 * Whom to tell next: everybody once a pass, in an order shuffled anew for each. Peers drawn afresh each time would repeat: in a small
 * cluster two rounds of four then miss many that one pass reaches.
 */
export class PeerOrder {
  readonly #random: RandomSource;
  #order: Member[] = [];
  #next = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** Up to `count` distinct members that `wanted` accepts, of those who take part now; `first` goes before its turn. */
  take(
    count: number,
    present: readonly Member[],
    wanted: (member: Member) => boolean,
    first?: Member,
  ): Member[] {
    if (present.length > GROWN * this.#order.length) this.#shuffle(present);
    const taken: Member[] = first !== undefined && wanted(first) ? [first] : [];
    let shuffled = false;
    while (taken.length < count) {
      if (this.#next >= this.#order.length) {
        // Twice round without enough: there are no more.
        if (shuffled) break;
        this.#shuffle(present);
        shuffled = true;
        continue;
      }
      const member = this.#order[this.#next++];
      if (member.present && wanted(member) && !taken.includes(member)) taken.push(member);
    }
    return taken;
  }

  #shuffle(present: readonly Member[]): void {
    this.#order = shuffle(this.#random, [...present]);
    this.#next = 0;
  }
}
