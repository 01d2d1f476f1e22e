/**
 * A priority queue of things to happen: a binary heap ordered by time, then by the order of insertion, so that equal times
 * replay in the same order. Times are finite milliseconds.
 */
export class EventQueue<T> {
  readonly #times: number[] = [];
  readonly #sequences: number[] = [];
  readonly #items: T[] = [];
  #nextSequence = 0;

  get size(): number {
    return this.#items.length;
  }

  /** When the next item is due; Infinity where there is none. */
  get nextAtMs(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0];
  }

  push(atMs: number, item: T): void {
    const sequence = this.#nextSequence++;
    let index = this.#items.length;
    this.#times.push(atMs);
    this.#sequences.push(sequence);
    this.#items.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#times[parent] <= atMs) break; // equal times: the parent came earlier, so it stays in front
      this.#copy(parent, index);
      index = parent;
    }
    this.#set(index, atMs, sequence, item);
  }

  /** Takes out the earliest item; undefined where there is none. */
  pop(): T | undefined {
    const count = this.#items.length;
    if (count === 0) return undefined;
    const first = this.#items[0];
    const atMs = this.#times.pop() as number;
    const sequence = this.#sequences.pop() as number;
    const last = this.#items.pop() as T;
    if (count > 1) this.#sinkFromTop(atMs, sequence, last);
    return first;
  }

  #sinkFromTop(atMs: number, sequence: number, item: T): void {
    const count = this.#items.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= count) break;
      if (child + 1 < count && this.#isBefore(child + 1, child)) child++;
      const childAt = this.#times[child];
      if (childAt > atMs || (childAt === atMs && this.#sequences[child] > sequence)) break;
      this.#copy(child, index);
      index = child;
    }
    this.#set(index, atMs, sequence, item);
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#times[a] - this.#times[b];
    return difference < 0 || (difference === 0 && this.#sequences[a] < this.#sequences[b]);
  }

  #copy(from: number, to: number): void {
    this.#set(to, this.#times[from], this.#sequences[from], this.#items[from]);
  }

  #set(index: number, atMs: number, sequence: number, item: T): void {
    this.#times[index] = atMs;
    this.#sequences[index] = sequence;
    this.#items[index] = item;
  }
}
