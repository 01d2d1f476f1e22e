import type { HostIndex } from './network.ts';
import type { Observation } from './observation.ts';
import { type Percentiles, percentiles } from './statistics.ts';
import type { World } from './world.ts';

interface Crash {
  readonly boot: number;
  readonly atMs: number;
  firstSuspectMs?: number;
  firstDownMs?: number;
  allDownMs?: number;
}

/** Measures how long the survivors take to notice crashes. */
export class CrashMeter {
  readonly #world: World;
  readonly #open = new Map<HostIndex, Crash>();
  readonly #crashes: Crash[] = [];
  readonly #detections: number[] = [];

  constructor(world: World) {
    this.#world = world;
    world.observe(this.#observe);
  }

  /** Crashes that not all survivors call `down` yet. */
  get open(): number {
    return this.#open.size;
  }

  kill(host: HostIndex, options: { readonly hostStaysUp?: boolean } = {}): void {
    const crash: Crash = { boot: this.#world.hosts[host].boot, atMs: this.#world.nowMs };
    this.#crashes.push(crash);
    this.#open.set(host, crash);
    this.#world.kill(host, options);
    this.#checkAllDown(host, crash);
  }

  /** From each crash until each survivor said `down`, in milliseconds. */
  get detections(): readonly number[] {
    return this.#detections;
  }

  /** Stops waiting for what hasn't been noticed. */
  giveUp(): void {
    this.#open.clear();
  }

  results(): Record<'firstSuspectMs' | 'firstDownMs' | 'allDownMs', Percentiles> {
    const over = (field: 'firstSuspectMs' | 'firstDownMs' | 'allDownMs') =>
      percentiles(this.#crashes.map((crash) => crash[field]).filter((value) => value !== undefined));
    return {
      firstSuspectMs: over('firstSuspectMs'),
      firstDownMs: over('firstDownMs'),
      allDownMs: over('allDownMs'),
    };
  }

  readonly #observe = (observation: Observation): void => {
    if (this.#open.size === 0) return;
    if (observation.type !== 'event' || observation.event.type !== 'member') return;
    const { event, atMs } = observation;
    const host = this.#world.indexOf(event.id);
    const crash = this.#open.get(host);
    if (crash === undefined || event.boot !== crash.boot) return;
    const elapsedMs = atMs - crash.atMs;
    if (event.to === 'suspect' || event.to === 'down') crash.firstSuspectMs ??= elapsedMs;
    if (event.to !== 'down') return;
    crash.firstDownMs ??= elapsedMs;
    this.#detections.push(elapsedMs);
    this.#checkAllDown(host, crash);
  };

  #checkAllDown(host: HostIndex, crash: Crash): void {
    if (this.#world.members.countAbout(host, 'joining', 'alive', 'suspect', 'leaving') > 0) return;
    crash.allDownMs = this.#world.nowMs - crash.atMs;
    this.#open.delete(host);
  }
}
