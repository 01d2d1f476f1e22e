import { readFileSync } from 'node:fs';

/** Time for a driver. */
export interface Clock {
  /** Boot-time milliseconds, whole: monotonic, runs on in suspend, never goes back, knows nothing of the wall clock. */
  nowMs(): number;
  /** How far time jumped ahead (the machine slept) since this was last asked, in milliseconds; 0 normally. */
  takeJumpMs(): number;
}

/** Differences below this are the resolution of `/proc/uptime` (10 ms) and of reading two clocks in turn. */
const JUMP_MIN_MS = 100;
const CHECK_INTERVAL_MS = 500;

export interface BootClockOptions {
  /** A clock that never goes back but may stand still in suspend. */
  readonly monotonicMs?: () => number;
  /** A clock that runs on in suspend; undefined where the platform has none. */
  readonly uptimeMs?: () => number | undefined;
}

/**
 * Boot time from Node's monotonic clock, which on Linux stands still while the machine sleeps, corrected twice a second by
 * `/proc/uptime`, which doesn't. Node has no CLOCK_BOOTTIME.
 */
export class BootClock implements Clock {
  readonly #monotonicMs: () => number;
  readonly #uptimeMs: () => number | undefined;
  #offsetMs = 0;
  #checkedAtMs: number;
  #jumpMs = 0;
  #lastMs = 0;

  constructor(options: BootClockOptions = {}) {
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#uptimeMs = options.uptimeMs ?? readUptime;
    this.#checkedAtMs = this.#monotonicMs();
    this.#offsetMs = (this.#uptimeMs() ?? this.#checkedAtMs) - this.#checkedAtMs;
  }

  nowMs(): number {
    const monotonic = this.#monotonicMs();
    if (monotonic - this.#checkedAtMs >= CHECK_INTERVAL_MS) this.#check(monotonic);
    this.#lastMs = Math.max(this.#lastMs, Math.floor(monotonic + this.#offsetMs));
    return this.#lastMs;
  }

  takeJumpMs(): number {
    const jump = this.#jumpMs;
    this.#jumpMs = 0;
    return jump;
  }

  #check(monotonic: number): void {
    this.#checkedAtMs = monotonic;
    const uptime = this.#uptimeMs();
    if (uptime === undefined) return;
    // Behind is not believed: a container moved to another host has a younger uptime.
    const ahead = uptime - (monotonic + this.#offsetMs);
    if (ahead < JUMP_MIN_MS) return;
    this.#offsetMs += ahead;
    this.#jumpMs += Math.round(ahead);
  }
}

function readUptime(): number | undefined {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ', 1)[0]);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
