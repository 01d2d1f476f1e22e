import { KEYS_PER_SOURCE_MAX, READINGS_PER_SECOND_DEFAULT } from '../limits.ts';
import type { Reading } from '../reading.ts';
import { type MetricRule, metricOptionsFor } from './metric-options.ts';
import { MetricPipeline, type SampleVerdict } from './metric-pipeline.ts';
import { RateBucket } from './rate-bucket.ts';

export interface SourcePipelineOptions {
  /** In order; what a later one sets wins. */
  readonly rules: readonly MetricRule[];
  /** Publications a second over all keys, above 0; one second's worth may come at once. */
  readonly readingsPerSecondMax?: number;
  readonly keysMax?: number;
}

/** Counts since the pipeline was made. */
export interface PipelineCounters {
  readonly samples: number;
  readonly published: number;
  readonly implausible: number;
  readonly late: number;
  readonly stuck: number;
  readonly keysRefused: number;
}

/** What became of a sample; `refused`: one key too many. */
export type PipelineVerdict = SampleVerdict | 'refused';

/**
 * The pipelines of all keys of a source behind one rate limit. Over the limit nothing is lost and nothing queues up:
 * each key keeps its newest value, and the key that has waited longest goes first.
 */
export class SourcePipeline {
  readonly #rules: readonly MetricRule[];
  readonly #keysMax: number;
  readonly #bucket: RateBucket;
  readonly #metrics = new Map<string, MetricPipeline>();
  readonly #counters = { samples: 0, published: 0, implausible: 0, late: 0, stuck: 0, keysRefused: 0 };

  constructor(options: SourcePipelineOptions) {
    this.#rules = options.rules;
    this.#keysMax = options.keysMax ?? KEYS_PER_SOURCE_MAX;
    this.#bucket = new RateBucket({ perSecond: options.readingsPerSecondMax ?? READINGS_PER_SECOND_DEFAULT });
  }

  /** Takes a sample in; what is to be published comes from `drain`. */
  handleReading(nowMs: number, sample: Reading): PipelineVerdict {
    this.#counters.samples += 1;
    const metric = this.#metricOf(sample.key);
    if (metric === undefined) {
      this.#counters.keysRefused += 1;
      return 'refused';
    }
    const verdict = metric.handleReading(nowMs, sample);
    if (verdict !== 'accepted') this.#counters[verdict] += 1;
    return verdict;
  }

  /** Gives what is to be published now. Call it after `handleReading` and at `nextDeadlineMs`. */
  drain(nowMs: number): Reading[] {
    for (const metric of this.#metrics.values()) metric.handleTimeout(nowMs);
    const due = [...this.#metrics.values()]
      .filter((metric) => (metric.dueAtMs() ?? Number.POSITIVE_INFINITY) <= nowMs)
      .sort((a, b) => (a.waitingSinceMs() ?? 0) - (b.waitingSinceMs() ?? 0));
    const readings: Reading[] = [];
    for (const metric of due) {
      if (!this.#bucket.take(nowMs)) break;
      const reading = metric.take(nowMs);
      if (reading !== undefined) readings.push(reading);
    }
    this.#counters.published += readings.length;
    return readings;
  }

  /** When `drain` next has something to do, undefined if only a new sample can bring it. */
  nextDeadlineMs(nowMs: number): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const metric of this.#metrics.values()) {
      const deadlineMs = metric.nextDeadlineMs();
      if (deadlineMs === undefined) continue;
      // What is due already can only be waiting for the rate limit.
      next = Math.min(next, deadlineMs <= nowMs ? this.#bucket.readyAtMs() : deadlineMs);
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  counters(): PipelineCounters {
    return { ...this.#counters };
  }

  #metricOf(key: string): MetricPipeline | undefined {
    const known = this.#metrics.get(key);
    if (known !== undefined || this.#metrics.size >= this.#keysMax) return known;
    const metric = new MetricPipeline(metricOptionsFor(this.#rules, key));
    this.#metrics.set(key, metric);
    return metric;
  }
}
