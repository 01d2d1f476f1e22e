interface Entry {
  readonly key: string;
  readonly atMs: number;
}

/**
 * Deadlines by key, nearest first. A key has at most one deadline: setting it again moves it. Moved and cleared entries stay in
 * the heap until they come up, and the heap is rebuilt when they outnumber the live ones.
 */
export class TimerTable {
  readonly #deadlines = new Map<string, number>();
  #heap: Entry[] = [];

  /** The nearest deadline; Infinity where there is none. */
  get nextMs(): number {
    this.#dropStale();
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].atMs;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  set(key: string, atMs: number): void {
    if (this.#deadlines.get(key) === atMs) return;
    this.#deadlines.set(key, atMs);
    if (this.#heap.length > 2 * this.#deadlines.size + 64) this.#rebuild();
    else this.#push({ key, atMs });
  }

  /** Sets the deadline unless the key has an earlier one. */
  setEarlier(key: string, atMs: number): void {
    const present = this.#deadlines.get(key);
    if (present === undefined || atMs < present) this.set(key, atMs);
  }

  has(key: string): boolean {
    return this.#deadlines.has(key);
  }

  clear(key: string): void {
    this.#deadlines.delete(key);
  }

  /** Takes one key whose deadline is at or before `nowMs`; undefined where none is. */
  takeDue(nowMs: number): string | undefined {
    this.#dropStale();
    if (this.#heap.length === 0 || this.#heap[0].atMs > nowMs) return undefined;
    const { key } = this.#pop();
    this.#deadlines.delete(key);
    return key;
  }

  #dropStale(): void {
    while (this.#heap.length > 0 && this.#deadlines.get(this.#heap[0].key) !== this.#heap[0].atMs)
      this.#pop();
  }

  #rebuild(): void {
    this.#heap = [];
    for (const [key, atMs] of this.#deadlines) this.#push({ key, atMs });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent].atMs <= entry.atMs) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop() as Entry;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].atMs < heap[child].atMs) child++;
      if (heap[child].atMs >= last.atMs) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}
