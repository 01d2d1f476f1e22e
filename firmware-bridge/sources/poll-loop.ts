import type { ClockPort } from '../ports/clock-port.ts';

export interface PollLoopOptions {
  readonly clock: ClockPort;
  readonly intervalMs: number;
  /** Delay of the second round, for values that are differences; `intervalMs` if absent. */
  readonly secondRoundMs?: number;
  /** One round of reading. Never rejects. After `stop`, `isCurrent()` is false and its result must be dropped. */
  readonly round: (isCurrent: () => boolean) => Promise<void>;
}

/**
 * Runs rounds one after another, the first at once. A round that hangs in a driver holds up only itself: none is started
 * beside it, and `stop` does not wait for it.
 */
export class PollLoop {
  readonly #options: PollLoopOptions;
  #generation = 0;
  #rounds = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: PollLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#generation += 1;
    this.#rounds = 0;
    void this.#run(this.#generation);
  }

  stop(): void {
    this.#generation += 1;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  async #run(generation: number): Promise<void> {
    const startedAtMs = this.#options.clock.nowMs();
    const isCurrent = () => generation === this.#generation;
    await this.#options.round(isCurrent);
    if (!isCurrent()) return;
    this.#rounds += 1;
    const { intervalMs, secondRoundMs = intervalMs } = this.#options;
    const dueAtMs = startedAtMs + (this.#rounds === 1 ? Math.min(secondRoundMs, intervalMs) : intervalMs);
    const delayMs = Math.max(0, dueAtMs - this.#options.clock.nowMs());
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => void this.#run(generation));
  }
}
