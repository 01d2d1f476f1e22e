import type { EmitOptions, UserEvent } from '../core/event-views.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type { AppValue } from '../core/value.ts';
import type { Driver } from './driver.ts';
import type { EventQueue } from './event-queue.ts';

/** How events are followed. */
export interface FollowOptions {
  /** Only events of this name, or below it where it ends with `/`. Default: all. */
  readonly name?: string;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

/** Events that an iterator's user hasn't taken: beyond, the oldest are lost. */
const WAITING_MAX = 1_024;

/** User events of a running node: sent, listened to, and followed by `for await`. */
export class NodeEvents {
  readonly #driver: Driver;
  readonly #events: EventQueue;
  readonly #followers = new Set<() => void>();

  constructor(parts: { readonly driver: Driver; readonly events: EventQueue }) {
    this.#driver = parts.driver;
    this.#events = parts.events;
  }

  emit(name: string, payload: AppValue, options: EmitOptions): number {
    return this.#driver.mutate((engine, nowMs) => engine.events.emit(nowMs, name, payload, options));
  }

  listen(listener: (event: UserEvent) => void): () => void {
    return this.#events.subscribe((event) => {
      if (event.type === 'user-event') listener(event.event);
    });
  }

  /** From this call on, not from the first step of the iteration. */
  follow({ name, signal }: FollowOptions): AsyncIterableIterator<UserEvent> {
    const waiting: UserEvent[] = [];
    let wake: () => void = () => undefined;
    let isOver = false;
    const unsubscribe = this.#events.subscribe((event: EngineEvent) => {
      if (event.type !== 'user-event' || !matches(event.event.name, name)) return;
      if (waiting.length >= WAITING_MAX) waiting.shift();
      waiting.push(event.event);
      wake();
    });
    const end = () => {
      isOver = true;
      unsubscribe();
      this.#followers.delete(end);
      signal?.removeEventListener('abort', end);
      wake();
    };
    this.#followers.add(end);
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end);
    async function* iterate(): AsyncGenerator<UserEvent, void, void> {
      while (!isOver) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    const iterated = iterate();
    return {
      next: () => iterated.next(),
      return: () => {
        end();
        return iterated.return();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The node closes: whoever follows is at the end. */
  stop(): void {
    for (const end of [...this.#followers]) end();
  }
}

function matches(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || (wanted.endsWith('/') ? name.startsWith(wanted) : name === wanted);
}
