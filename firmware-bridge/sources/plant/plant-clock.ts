const HOUR_MS = 3_600_000;

/** Length of a step, in simulated ms: fine enough to look alive, coarse enough that a compressed day costs little. */
export function plantStepMs(options: { readonly intervalMs: number; readonly speed: number }): number {
  return Math.min(60_000, Math.max(1000, Math.round((options.intervalMs * options.speed) / 1000) * 1000));
}

/**
 * Says which steps are due. Steps lie on a fixed grid of simulated time, so that late or missing timer calls change
 * neither the weather nor the energy.
 */
export class PlantClock {
  readonly #speed: number;
  readonly #stepMs: number;
  readonly #catchUpMs: number;
  readonly #startMs: number;
  #nextStepMs: number;

  constructor(options: {
    /** Simulated milliseconds that pass in one of the real. */
    readonly speed: number;
    readonly intervalMs: number;
    readonly nowMs: number;
    readonly wallMs: number;
  }) {
    this.#speed = options.speed;
    this.#stepMs = plantStepMs(options);
    this.#catchUpMs = Math.max(HOUR_MS, 60 * options.intervalMs * options.speed);
    this.#startMs = options.nowMs;
    this.#nextStepMs = this.#gridBefore(options.wallMs);
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  /**
   * The simulated Unix times of the steps due by now, oldest first. If the wall clock was set, or the machine slept for
   * long, the gap is left out: the sun moves on, the battery does not live through it.
   */
  dueSteps(now: { readonly nowMs: number; readonly wallMs: number }): number[] {
    const simulatedMs = now.wallMs + (now.nowMs - this.#startMs) * (this.#speed - 1);
    const behindMs = simulatedMs - this.#nextStepMs;
    if (behindMs > this.#catchUpMs || behindMs < -this.#catchUpMs) {
      this.#nextStepMs = this.#gridBefore(simulatedMs);
    }
    const steps: number[] = [];
    for (; this.#nextStepMs <= simulatedMs; this.#nextStepMs += this.#stepMs) steps.push(this.#nextStepMs);
    return steps;
  }

  #gridBefore(timeMs: number): number {
    return Math.floor(timeMs / this.#stepMs) * this.#stepMs;
  }
}
