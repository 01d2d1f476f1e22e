import type { EngineEvent } from '#runtime/core/outputs.ts';

/** One event, with its place in the order of this life of the node. */
export interface LoggedEvent {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** When it was logged, by the log's clock. */
  readonly atMs: number;
  readonly event: EngineEvent;
}

export interface EventLogOptions {
  /** This life's boot: a cursor of another life has a place in no order of this one. */
  readonly boot: number;
  /** Events kept for readers that are slow or come back. Default 1024. */
  readonly capacity?: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** Where a reader goes on. */
export interface ResumePoint {
  /** The last event that the reader has. */
  readonly after: number;
  /** The cursor is of another life of this node: what happened in between is not known. */
  readonly restarted: boolean;
}

const CAPACITY_DEFAULT = 1024;

/**
 * The last events, in a ring. Readers hold a place in it and no queue of their own, so that a slow one costs nothing: once
 * its place is overwritten it is told how many events it missed, and goes on with the oldest that is left.
 */
export class EventLog {
  readonly nowMs: () => number;
  readonly #boot: number;
  readonly #ring: LoggedEvent[] = [];
  readonly #capacity: number;
  readonly #listeners = new Set<() => void>();
  #last = 0;

  constructor(options: EventLogOptions) {
    this.nowMs = options.nowMs;
    this.#boot = options.boot;
    this.#capacity = options.capacity ?? CAPACITY_DEFAULT;
  }

  /** Sequence of the newest event; 0: none yet. */
  get last(): number {
    return this.#last;
  }

  /** Sequence of the oldest event still held; `last + 1` where there is none. */
  get oldest(): number {
    return this.#last - this.#ring.length + 1;
  }

  append(event: EngineEvent): void {
    this.#last++;
    const entry = { sequence: this.#last, atMs: this.nowMs(), event };
    if (this.#ring.length === this.#capacity) this.#ring.shift();
    this.#ring.push(entry);
    for (const listener of this.#listeners) listener();
  }

  /** The event of a sequence from `oldest` to `last`. */
  at(sequence: number): LoggedEvent | undefined {
    return this.#ring[sequence - this.oldest];
  }

  /** Told after each event. @returns the unsubscriber. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The cursor behind an event: `BOOT.SEQUENCE`. */
  cursorOf(sequence: number): string {
    return `${this.#boot}.${sequence}`;
  }

  /** Reads a cursor; undefined where it isn't one. */
  resume(cursor: string): ResumePoint | undefined {
    const match = /^(\d{1,7})\.(\d{1,15})$/.exec(cursor);
    if (match === null) return undefined;
    const sequence = Number(match[2]);
    const restarted = Number(match[1]) !== this.#boot || sequence > this.#last;
    return { after: restarted ? this.oldest - 1 : sequence, restarted };
  }
}
