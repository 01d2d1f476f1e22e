import type { NodeId } from '../core/ids.ts';
import type { EngineEvent } from '../core/outputs.ts';

type RecordEvent = Extract<EngineEvent, { type: 'record' }>;

/** That a record changed, and how; what it is now stands in the table. */
export interface LoggedChange {
  readonly owner: NodeId;
  /** The owner's name at that time. */
  readonly node: string;
  readonly key: string;
  readonly change: RecordEvent['change'];
}

/** Where a reader goes on: behind this change; or it can't, because what followed is gone, or this is another life of the node. */
export type Resumption = { readonly after: number } | { readonly reset: 'behind' | 'restarted' };

const CAPACITY_DEFAULT = 4_096;

/** The last changes of records, as names without values: readers hold a place in it, and read the newest value when they come to it. */
export class RecordLog {
  readonly #boot: number;
  readonly #capacity: number;
  /** Change `n` stands at `n % capacity`. */
  readonly #ring: LoggedChange[] = [];
  readonly #listeners = new Set<(change: LoggedChange, sequence: number) => void>();
  #last = 0;

  /** @param options `boot`: of this life, part of each cursor. `capacity`: changes kept. */
  constructor(options: { readonly boot: number; readonly capacity?: number }) {
    this.#boot = options.boot;
    this.#capacity = options.capacity ?? CAPACITY_DEFAULT;
  }

  /** Changes so far: the number of the last one. */
  get last(): number {
    return this.#last;
  }

  append({ record: { owner, node, key }, change }: RecordEvent): void {
    this.#last++;
    const entry = { owner, node, key, change };
    this.#ring[this.#last % this.#capacity] = entry;
    for (const listener of this.#listeners) listener(entry, this.#last);
  }

  /** Told of each change at once; must not call the node. @returns the unsubscriber. */
  onAppend(listener: (change: LoggedChange, sequence: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes behind a number, oldest first; only for one that `resume` gave. */
  *since(after: number): IterableIterator<[LoggedChange, number]> {
    for (let sequence = after + 1; sequence <= this.#last; sequence++)
      yield [this.#ring[sequence % this.#capacity], sequence];
  }

  /** The cursor behind a change: `BOOT.NUMBER`. */
  cursorOf(sequence: number): string {
    return `${this.#boot}.${sequence}`;
  }

  /** Reads a cursor; undefined where it isn't one. */
  resume(cursor: string): Resumption | undefined {
    const match = /^(\d{1,7})\.(\d{1,15})$/.exec(cursor);
    if (match === null) return undefined;
    const after = Number(match[2]);
    if (Number(match[1]) !== this.#boot || after > this.#last) return { reset: 'restarted' };
    return after < this.#last - this.#capacity ? { reset: 'behind' } : { after };
  }
}
