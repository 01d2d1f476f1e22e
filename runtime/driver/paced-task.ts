import type { Clock } from './clock.ts';
import type { Scheduler } from './scheduler.ts';

export interface PacedTaskOptions<Failure> {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Does it. One at a time; where it resolves to a failure it is tried again. What it rejects with is a bug. */
  readonly run: () => Promise<Failure | undefined>;
  readonly everyMs: number;
  readonly retryMs: number;
}

/** Does the same thing again and again: at a pace, sooner where somebody asks for it, at once where somebody waits for it. */
export class PacedTask<Failure> {
  readonly #options: PacedTaskOptions<Failure>;
  #dueMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #running: Promise<Failure | undefined> = Promise.resolve(undefined);
  /** The run that hasn't begun yet: whoever asks meanwhile shares it. */
  #next: Promise<Failure | undefined> | undefined;
  #phase: 'new' | 'started' | 'closed' = 'new';

  constructor(options: PacedTaskOptions<Failure>) {
    this.#options = options;
  }

  start(): void {
    const dueMs = this.#dueMs;
    this.#phase = 'started';
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#arm(Math.min(dueMs, this.#options.clock.nowMs() + this.#options.everyMs));
  }

  /** The next run comes within `delayMs`; before `start`, after that. */
  soon(delayMs: number): void {
    const dueMs = this.#options.clock.nowMs() + delayMs;
    if (this.#phase === 'started') this.#arm(dueMs);
    else this.#dueMs = Math.min(this.#dueMs, dueMs);
  }

  /** Runs it once more from the beginning, behind the present run. Resolves as that does. */
  now(): Promise<Failure | undefined> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#runOnce();
      return this.#running;
    });
    return this.#next;
  }

  /** Runs it a last time. */
  async close(): Promise<void> {
    if (this.#phase === 'started') await this.now();
    this.#phase = 'closed';
    this.#disarm();
    await this.#running;
  }

  async #runOnce(): Promise<Failure | undefined> {
    this.#disarm();
    const { clock, everyMs, retryMs, run } = this.#options;
    const failure = await run();
    if (this.#phase === 'started') this.#arm(clock.nowMs() + (failure === undefined ? everyMs : retryMs));
    return failure;
  }

  #arm(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    const { clock, scheduler } = this.#options;
    this.#cancel = scheduler.after(Math.max(0, dueMs - clock.nowMs()), () => {
      this.#cancel = undefined;
      this.#dueMs = Number.POSITIVE_INFINITY;
      void this.now();
    });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
