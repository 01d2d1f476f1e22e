import type { ClockPort } from '#bridge/ports/clock-port.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to move. */
export class ManualClock implements ClockPort {
  #nowMs = 1000;
  #wallOffsetMs: number;
  #timers: Timer[] = [];

  constructor(options: { readonly wallMs?: number } = {}) {
    this.#wallOffsetMs = (options.wallMs ?? Date.UTC(2026, 5, 21, 12)) - this.#nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  /** Sets the wall clock as a time server would. */
  setWall(wallMs: number): void {
    this.#wallOffsetMs = wallMs - this.#nowMs;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    if (!(delayMs >= 0)) throw new Error(`a timer in the past: ${delayMs}`);
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, running timers at their time and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
        undefined,
      );
      if (next === undefined || next.dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** Lets everything run that waits for nothing but a promise. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
