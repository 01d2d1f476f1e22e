import type { AppValue } from '#runtime/core/value.ts';
import type { Reading } from '../reading.ts';
import { calibrate } from './calibrate.ts';
import type { MetricOptions } from './metric-options.ts';
import { sameValue } from './same-value.ts';

/**
 * What became of a sample: `late` ones are older than one already seen and are dropped, `stuck` ones repeat a number that
 * should have moved.
 */
export type SampleVerdict = 'accepted' | 'implausible' | 'late' | 'stuck';

/**
 * Decides for one key which readings are worth gossiping. Pure: time comes in, readings come out of `take`.
 *
 * - A sample outside the plausible range, or that its source calls `bad`, is dropped; what is published instead is the
 *   last good value with quality `bad` and the time of that good measurement (null and now, if there was none).
 * - A change within the deadband is not published; a change of quality or unit always is.
 * - A publication that comes too early waits in `pending`. A newer sample replaces it, or withdraws it by coming back to
 *   what was published last: so the newest state is never lost and nothing queues up.
 */
export class MetricPipeline {
  readonly #options: MetricOptions;
  #good: { readonly value: AppValue; readonly takenAtMs: number } | undefined;
  #latest: Reading | undefined;
  #latestSampleAtMs = Number.NEGATIVE_INFINITY;
  #pending: { readonly reading: Reading; readonly sinceMs: number } | undefined;
  /** The number that came last, and since when it has been the same. */
  #same: { readonly value: AppValue; readonly sinceMs: number } | undefined;
  #published: { readonly reading: Reading; readonly atMs: number } | undefined;

  constructor(options: MetricOptions) {
    this.#options = options;
  }

  /** Takes a sample in. `nowMs` is boot time, never before that of an earlier call. */
  handleReading(nowMs: number, sample: Reading): SampleVerdict {
    if (sample.takenAtMs < this.#latestSampleAtMs) return 'late';
    this.#latestSampleAtMs = Math.min(sample.takenAtMs, nowMs);
    const calibrated = sample.quality === 'bad' ? undefined : calibrate(sample.value, this.#options);
    if (calibrated === undefined) {
      this.#consider(nowMs, this.#substitute(sample, nowMs));
      return 'implausible';
    }
    const stuckSinceMs = this.#stuckSinceMs(sample.value);
    const kept = this.#keep(sample, calibrated.value);
    const isStuck = stuckSinceMs !== undefined;
    this.#consider(nowMs, isStuck ? { ...kept, quality: 'stale', takenAtMs: stuckSinceMs } : kept);
    this.handleTimeout(nowMs);
    return isStuck ? 'stuck' : 'accepted';
  }

  /** Lets a value go stale whose time has come. Extra and late calls are harmless. */
  handleTimeout(nowMs: number): void {
    const staleAtMs = this.#staleAtMs();
    if (staleAtMs === undefined || nowMs < staleAtMs || this.#latest === undefined) return;
    this.#consider(nowMs, { ...this.#latest, quality: 'stale' });
  }

  /** Since when a reading waits to be published, undefined if none does. */
  waitingSinceMs(): number | undefined {
    return this.#pending?.sinceMs;
  }

  /** The earliest time at which `take` gives a reading, undefined if none waits. */
  dueAtMs(): number | undefined {
    if (this.#pending === undefined) return undefined;
    if (this.#published === undefined) return this.#pending.sinceMs;
    return Math.max(this.#pending.sinceMs, this.#published.atMs + (this.#options.minIntervalMs ?? 0));
  }

  /** The next time at which `handleTimeout` or `take` has something to do. */
  nextDeadlineMs(): number | undefined {
    const times = [this.dueAtMs(), this.#staleAtMs()].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Gives the waiting reading if it is due, and counts it as published. */
  take(nowMs: number): Reading | undefined {
    const dueAtMs = this.dueAtMs();
    if (this.#pending === undefined || dueAtMs === undefined || nowMs < dueAtMs) return undefined;
    const { reading } = this.#pending;
    this.#pending = undefined;
    this.#published = { reading, atMs: nowMs };
    return reading;
  }

  #keep(sample: Reading, value: AppValue): Reading {
    this.#good = { value, takenAtMs: this.#latestSampleAtMs };
    return this.#withUnit({ ...sample, value, takenAtMs: this.#latestSampleAtMs });
  }

  #substitute(sample: Reading, nowMs: number): Reading {
    const known = this.#good ?? { value: null, takenAtMs: nowMs };
    return this.#withUnit({ ...sample, ...known, quality: 'bad' });
  }

  /** Since when the number hasn't moved, where that is too long. */
  #stuckSinceMs(value: AppValue): number | undefined {
    const { stuckAfterMs } = this.#options;
    if (stuckAfterMs === undefined || typeof value !== 'number') return undefined;
    if (this.#same?.value !== value) this.#same = { value, sinceMs: this.#latestSampleAtMs };
    const { sinceMs } = this.#same;
    return this.#latestSampleAtMs - sinceMs >= stuckAfterMs ? sinceMs : undefined;
  }

  #withUnit(reading: Reading): Reading {
    return this.#options.unit === undefined ? reading : { ...reading, unit: this.#options.unit };
  }

  #consider(nowMs: number, reading: Reading): void {
    this.#latest = reading;
    if (!this.#isWorthPublishing(nowMs, reading)) this.#pending = undefined;
    else this.#pending = { reading, sinceMs: this.#pending?.sinceMs ?? nowMs };
  }

  #isWorthPublishing(nowMs: number, reading: Reading): boolean {
    if (this.#published === undefined) return true;
    const { reading: last, atMs } = this.#published;
    if (reading.quality !== last.quality || reading.unit !== last.unit) return true;
    if (this.#options.maxIntervalMs !== undefined && nowMs - atMs >= this.#options.maxIntervalMs) return true;
    return hasMoved(last.value, reading.value, this.#options.deadband ?? 0);
  }

  /** Undefined also once the value is stale, or where it is bad, which is worse than stale. */
  #staleAtMs(): number | undefined {
    if (this.#options.staleAfterMs === undefined || this.#latest === undefined) return undefined;
    if (this.#latest.quality === 'stale' || this.#latest.quality === 'bad') return undefined;
    return this.#latestSampleAtMs + this.#options.staleAfterMs;
  }
}

function hasMoved(from: AppValue, to: AppValue, deadband: number): boolean {
  if (typeof from === 'number' && typeof to === 'number' && deadband > 0) {
    return Math.abs(to - from) >= deadband;
  }
  return !sameValue(from, to);
}
