import { readFileSync } from 'node:fs';

/** Time for a driver. */
export interface Clock {
  /** Boot-time milliseconds, whole: monotonic, runs on in suspend, never goes back, knows nothing of the wall clock. */
  nowMs(): number;
  /** The same, with what the machine slept until this very moment: dearer, for those who act on it. Default: `nowMs`. */
  exactMs?(): number;
  /**
   * How far time jumped ahead since this was last asked, in milliseconds; 0 normally. The machine slept; or only its wall clock leapt, as
   * after a virtual machine was paused: then `nowMs` didn't move, and whoever set the clock by hand is told too much.
   */
  takeJumpMs(): number;
}

/** Differences below this are the resolution of `/proc/uptime` (10 ms) and of reading two clocks in turn. */
const JUMP_MIN_MS = 100;
const CHECK_INTERVAL_MS = 500;
/** The wall clock is corrected in smaller steps as a matter of course. */
const WALL_LEAP_MS_MIN = 1_000;

export interface BootClockOptions {
  /** A clock that never goes back but may stand still in suspend. */
  readonly monotonicMs?: () => number;
  /** A clock that runs on in suspend; undefined where the platform has none. */
  readonly uptimeMs?: () => number | undefined;
  /** The wall clock. */
  readonly wallMs?: () => number;
}

/**
 * Boot time from Node's monotonic clock, which on Linux stands still while the machine sleeps, corrected twice a second by
 * `/proc/uptime`, which doesn't. Node has no CLOCK_BOOTTIME. A virtual machine that is paused stops both, and hears of it only by its wall
 * clock, once that is set right.
 */
export class BootClock implements Clock {
  readonly #monotonicMs: () => number;
  readonly #uptimeMs: () => number | undefined;
  readonly #wallMs: () => number;
  #offsetMs = 0;
  /** The wall clock's lead over boot time, as of the last check. */
  #wallLeadMs: number;
  #checkedAtMs: number;
  #jumpMs = 0;
  #lastMs = 0;

  constructor(options: BootClockOptions = {}) {
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#uptimeMs = options.uptimeMs ?? readUptime;
    this.#checkedAtMs = this.#monotonicMs();
    this.#offsetMs = (this.#uptimeMs() ?? this.#checkedAtMs) - this.#checkedAtMs;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#wallLeadMs = this.#wallMs() - this.#checkedAtMs - this.#offsetMs;
  }

  nowMs(): number {
    const monotonic = this.#monotonicMs();
    if (monotonic - this.#checkedAtMs >= CHECK_INTERVAL_MS) this.#check(monotonic);
    this.#lastMs = Math.max(this.#lastMs, Math.floor(monotonic + this.#offsetMs));
    return this.#lastMs;
  }

  exactMs(): number {
    this.#check(this.#monotonicMs());
    return this.nowMs();
  }

  takeJumpMs(): number {
    const jump = this.#jumpMs;
    this.#jumpMs = 0;
    return jump;
  }

  #check(monotonic: number): void {
    this.#checkedAtMs = monotonic;
    this.#checkUptime(monotonic);
    this.#checkWall(monotonic);
  }

  #checkUptime(monotonic: number): void {
    const uptime = this.#uptimeMs();
    if (uptime === undefined) return;
    // Behind is not believed: a container moved to another host has a younger uptime.
    const ahead = uptime - (monotonic + this.#offsetMs);
    if (ahead < JUMP_MIN_MS) return;
    this.#offsetMs += ahead;
    this.#jumpMs += Math.round(ahead);
  }

  /** After the uptime: what that explains is no leap. Backwards is a correction by people or NTP. */
  #checkWall(monotonic: number): void {
    const leadMs = this.#wallMs() - monotonic - this.#offsetMs;
    const leapMs = leadMs - this.#wallLeadMs;
    this.#wallLeadMs = leadMs;
    if (leapMs >= WALL_LEAP_MS_MIN) this.#jumpMs += Math.round(leapMs);
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
