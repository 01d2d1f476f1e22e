import { EventQueue } from './event-queue.ts';

/** Ticks a millisecond: times are multiples of 1/1024 ms, so that sums of them are exact and replay is too. */
const TICKS_PER_MS = 1024;

/** The nearest time that the simulation can express. */
export function toTick(ms: number): number {
  return Math.round(ms * TICKS_PER_MS) / TICKS_PER_MS;
}

/** The first time, not before `ms`, that the simulation can express. */
export function toTickAtLeast(ms: number): number {
  return Math.ceil(ms * TICKS_PER_MS) / TICKS_PER_MS;
}

/** Virtual time: it stands still while something happens and jumps to whatever is due next. */
export class VirtualClock {
  readonly #queue = new EventQueue<() => void>();
  #nowMs = 0;
  #steps = 0;

  /** Milliseconds since the start of the simulation. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many things have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** How many things are due later. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Runs `action` at `atMs`, or now where that is past; in the order of scheduling among equal times. */
  at(atMs: number, action: () => void): void {
    this.#queue.push(Math.max(this.#nowMs, toTick(atMs)), action);
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.#nowMs + delayMs, action);
  }

  /** Runs `action` every `intervalMs` from now on until it returns false. */
  every(intervalMs: number, action: () => boolean): void {
    this.after(intervalMs, () => {
      if (action()) this.every(intervalMs, action);
    });
  }

  /** Lets everything happen that is due up to `untilMs`, and leaves the clock there. */
  runUntil(untilMs: number): void {
    this.runUntilCondition(untilMs, () => false);
  }

  /**
   * As `runUntil`, but stops right after the step that made `condition` true (it is asked first before any step).
   * @returns whether it became true.
   */
  runUntilCondition(untilMs: number, condition: () => boolean): boolean {
    if (condition()) return true;
    while (this.#queue.nextAtMs <= untilMs) {
      this.#nowMs = this.#queue.nextAtMs;
      const action = this.#queue.pop();
      this.#steps++;
      action?.();
      if (condition()) return true;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    return false;
  }
}
