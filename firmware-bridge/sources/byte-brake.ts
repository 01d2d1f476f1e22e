import type { ClockPort } from '../ports/clock-port.ts';

const WINDOW_MS = 1000;

/**
 * Stops reading from a child that has printed more than its share in the current second, until that second is over.
 * Meanwhile its output stays in the pipe and the child has to wait, so that a flood costs it time and not us.
 */
export class ByteBrake {
  readonly #clock: ClockPort;
  readonly #bytesPerSecondMax: number;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: { readonly clock: ClockPort; readonly bytesPerSecondMax: number }) {
    this.#clock = options.clock;
    this.#bytesPerSecondMax = options.bytesPerSecondMax;
  }

  /** Counts bytes. True once they became too many: `pause` has been called, and `resume` will be. */
  count(bytes: number, flow: { pause(): void; resume(): void }): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes <= this.#bytesPerSecondMax || this.#cancelTimer !== undefined) return false;
    flow.pause();
    this.#cancelTimer = this.#clock.schedule(this.#windowStartMs + WINDOW_MS - nowMs, () => {
      this.#cancelTimer = undefined;
      flow.resume();
    });
    return true;
  }

  /** Forgets a pending resume: the child has ended. */
  release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#windowStartMs = Number.NEGATIVE_INFINITY;
  }
}
