import type { HandlerTask } from './task.ts';

/** One task, and who waits for its end. */
export interface QueuedTask<Result> {
  readonly task: HandlerTask;
  /** When nobody waits for it any more. */
  readonly untilMs: number;
  readonly done: (result: Result | 'dropped') => void;
}

/** Tasks that wait for one handler; more are dropped. */
export const WAITING_MAX = 64;

/** What one handler still has to do, in order. Where it coalesces, a newer task takes the place of an older one of its name. */
export class HandlerQueue<Result> {
  readonly #coalesces: boolean;
  readonly #waiting: QueuedTask<Result>[] = [];

  constructor(options: { readonly coalesces: boolean }) {
    this.#coalesces = options.coalesces;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @returns whether there was room; else it is dropped, and its `done` is told. */
  add(queued: QueuedTask<Result>): boolean {
    const { kind, name } = queued.task;
    if (this.#coalesces && kind !== 'query') {
      const older = this.#waiting.findIndex(({ task }) => task.kind === kind && task.name === name);
      if (older >= 0) this.#waiting.splice(older, 1);
    }
    if (this.#waiting.length >= WAITING_MAX) {
      queued.done('dropped');
      return false;
    }
    this.#waiting.push(queued);
    return true;
  }

  take(): QueuedTask<Result> | undefined {
    return this.#waiting.shift();
  }

  /** Nothing of it is done any more. */
  clear(): void {
    for (const { done } of this.#waiting.splice(0)) done('dropped');
  }
}
