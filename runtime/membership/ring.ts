import type { NodeId } from '../core/ids.ts';

/**
 * Node ids in a circle, in ascending order. Nodes with the same view have the same circle, so each member has the same few others
 * before it, and these watch it without having agreed on anything.
 */
export class Ring {
  readonly #ids: NodeId[] = [];

  get size(): number {
    return this.#ids.length;
  }

  has(id: NodeId): boolean {
    return this.#ids[this.#placeOf(id)] === id;
  }

  add(id: NodeId): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] !== id) this.#ids.splice(place, 0, id);
  }

  remove(id: NodeId): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] === id) this.#ids.splice(place, 1);
  }

  /** The ones before and behind `id`, the same one twice where there is no other; none where there is nobody else. */
  besides(id: NodeId): NodeId[] {
    const others = this.#ids.length - Number(this.has(id));
    if (others === 0) return [];
    const behind = this.#placeOf(id) + Number(this.has(id));
    const before = this.#placeOf(id) - 1;
    return [this.#ids.at(before)!, this.#ids[behind % this.#ids.length]];
  }

  /** All others once around, from the one that follows `id` on. */
  *after(id: NodeId): Generator<NodeId> {
    const first = this.#placeOf(id);
    for (let i = 0; i < this.#ids.length; i++) {
      const next = this.#ids[(first + i) % this.#ids.length];
      if (next !== id) yield next;
    }
  }

  /** Where an id is, or would have to be put. */
  #placeOf(id: NodeId): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
