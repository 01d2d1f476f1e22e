import type { Clock } from '../driver/clock.ts';
import type { Scheduler } from '../driver/scheduler.ts';

/** A clock and scheduler that stand still until the test moves them. */
export class ManualTime implements Clock, Scheduler {
  #nowMs: number;
  #jumpMs = 0;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  #soon: (() => void)[] = [];

  constructor(startMs = 1_000) {
    this.#nowMs = startMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  get nextMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#timers.map((timer) => timer.atMs));
  }

  nowMs(): number {
    return this.#nowMs;
  }

  takeJumpMs(): number {
    const jump = this.#jumpMs;
    this.#jumpMs = 0;
    return jump;
  }

  readonly after = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  readonly soon = (callback: () => void): void => {
    this.#soon.push(callback);
  };

  /** Moves time on, running what falls due in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.nextMs <= endMs) {
      const atMs = this.nextMs;
      this.#nowMs = Math.max(this.#nowMs, atMs);
      this.#run(this.#take((timer) => timer.atMs === atMs));
    }
    this.#nowMs = endMs;
    this.turn();
  }

  /** Time passes without the event loop running: timers are late afterwards. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** The machine sleeps. */
  sleep(ms: number): void {
    this.#nowMs += ms;
    this.#jumpMs += ms;
  }

  /** Runs the timers that are due, once. */
  fireDue(): void {
    this.#run(this.#take((timer) => timer.atMs <= this.#nowMs));
  }

  /** One turn of the loop: runs what was asked for `soon` before it. */
  turn(): void {
    const callbacks = this.#soon;
    this.#soon = [];
    for (const callback of callbacks) callback();
  }

  /** Whole turns until nothing waits. */
  settle(): void {
    while (this.#soon.length > 0) this.turn();
  }

  #take(which: (timer: { atMs: number }) => boolean): (() => void)[] {
    const taken = this.#timers.filter(which);
    this.#timers = this.#timers.filter((timer) => !which(timer));
    return taken.map((timer) => timer.callback);
  }

  #run(callbacks: (() => void)[]): void {
    for (const callback of callbacks) callback();
  }
}
