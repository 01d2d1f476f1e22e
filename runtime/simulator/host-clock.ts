import { toTick } from './virtual-clock.ts';

export interface HostClockOptions {
  /** What the host's boot-time clock shows when the simulation begins, in milliseconds. */
  readonly offsetMs: number;
  /** Its speed: 1.0001 gains 0.1 ms a second. Default 1. */
  readonly rate?: number;
}

/** One host's boot-time clock: boards aren't switched on together, and no two quartzes run alike. It never goes back. */
export class HostClock {
  readonly #rate: number;
  #offsetMs: number;

  constructor(options: HostClockOptions) {
    this.#offsetMs = toTick(options.offsetMs);
    this.#rate = options.rate ?? 1;
  }

  /** What this clock shows at a time of the simulation. */
  local(worldMs: number): number {
    return this.#rate === 1 ? worldMs + this.#offsetMs : worldMs * this.#rate + this.#offsetMs;
  }

  /** The time of the simulation at which this clock shows `localMs`. */
  world(localMs: number): number {
    return (localMs - this.#offsetMs) / this.#rate;
  }

  /** Jumps ahead, as after a suspend that the simulation doesn't otherwise show. `ms` >= 0. */
  step(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`step: expected milliseconds from 0, got ${ms}`);
    this.#offsetMs += toTick(ms);
  }
}
