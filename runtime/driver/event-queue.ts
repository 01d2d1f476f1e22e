import { EVENT_QUEUE_MAX } from '../core/limits.ts';
import type { EngineEvent } from '../core/outputs.ts';

export type EventListener = (event: EngineEvent) => void;

export interface EventQueueOptions {
  readonly soon: (callback: () => void) => void;
  /** A listener threw: its bug, not ours; the others are called all the same. */
  readonly onListenerError: (error: unknown, event: EngineEvent) => void;
  readonly capacity?: number;
  /** Sees each event at once, in the engine's drain, and none is lost; must not call the node. */
  readonly observe?: (event: EngineEvent) => void;
}

/** Events delivered in one turn of the loop, so that sockets are served in between. */
const BATCH = 256;

/**
 * Hands events to listeners outside the engine, in order, so that a listener may call the node's methods. At its cap the oldest
 * event is lost, and counted.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #capacity: number;
  readonly #listeners = new Set<EventListener>();
  readonly #waiting: EngineEvent[] = [];
  #scheduled = false;
  #lost = 0;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? EVENT_QUEUE_MAX;
  }

  /** Events that no listener saw because too many waited. */
  get lost(): number {
    return this.#lost;
  }

  subscribe(listener: EventListener): () => void {
    // The same function subscribed twice is called twice, and each unsubscriber ends its own.
    const own: EventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  push(event: EngineEvent): void {
    this.#options.observe?.(event);
    if (this.#listeners.size === 0) return;
    if (this.#waiting.length >= this.#capacity) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#waiting.push(event);
    this.#schedule();
  }

  /** Delivers what waits, now; events that listeners cause meanwhile come with the next turn. */
  flush(): void {
    this.#deliverUpTo(this.#waiting.length);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.soon(() => {
      this.#scheduled = false;
      this.#deliverUpTo(BATCH);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #deliverUpTo(count: number): void {
    for (const event of this.#waiting.splice(0, count)) this.#deliver(event);
  }

  #deliver(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#options.onListenerError(error, event);
      }
    }
  }
}
