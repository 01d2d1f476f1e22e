import type { NodeId } from '../core/ids.ts';
import { type RandomSource, randomBelow, shuffle } from '../core/random.ts';

/** Whom to probe next: everybody once a pass, in an order shuffled anew for each pass (B-11). */
export class ProbeOrder {
  readonly #random: RandomSource;
  readonly #order: NodeId[] = [];
  readonly #listed = new Set<NodeId>();
  #next = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get size(): number {
    return this.#order.length;
  }

  /** A newcomer takes a random place (B-12), so that those who join together aren't probed together. */
  add(id: NodeId): void {
    if (this.#listed.has(id)) return;
    this.#listed.add(id);
    const place = randomBelow(this.#random, this.#order.length + 1);
    this.#order.splice(place, 0, id);
    if (place < this.#next) this.#next++;
  }

  remove(id: NodeId): void {
    if (!this.#listed.delete(id)) return;
    const place = this.#order.indexOf(id);
    this.#order.splice(place, 1);
    if (place < this.#next) this.#next--;
  }

  /** The next one that `wanted` accepts; undefined after a whole round of refusals. */
  next(wanted: (id: NodeId) => boolean): NodeId | undefined {
    for (let tried = 0; tried < this.#order.length; tried++) {
      if (this.#next >= this.#order.length) {
        shuffle(this.#random, this.#order);
        this.#next = 0;
      }
      const id = this.#order[this.#next++];
      if (wanted(id)) return id;
    }
    return undefined;
  }
}
