import { type HealthChange, HealthLedger } from '../health.ts';
import type { MetricRule } from '../pipeline/metric-options.ts';
import { type PipelineVerdict, SourcePipeline } from '../pipeline/source-pipeline.ts';
import type { ClockPort } from '../ports/clock-port.ts';
import type { Reading } from '../reading.ts';
import { keyFault } from '../reading-key.ts';
import type { Source, SourceDescription, SourceSink } from '../source.ts';

export interface SupervisedSourceOptions {
  readonly clock: ClockPort;
  readonly rules: readonly MetricRule[];
  /** Readings that may be published in a second. */
  readonly readingsPerSecondMax?: number;
  /** Milliseconds without any sample after which the source counts as silent; absent: it may be silent for ever. */
  readonly silentAfterMs?: number;
}

/** Puts a source behind its pipeline, and watches what every kind of source can suffer from: silence, spikes, too many keys. */
export class SupervisedSource implements Source {
  readonly description: SourceDescription;
  readonly #inner: Source;
  readonly #options: SupervisedSourceOptions;
  readonly #pipeline: SourcePipeline;
  readonly #ledger = new HealthLedger();
  #sink: SourceSink | undefined;
  #cancelDrain: (() => void) | undefined;
  #cancelSilence: (() => void) | undefined;
  #lastSampleAtMs = 0;
  #badKeys = 0;

  constructor(inner: Source, options: SupervisedSourceOptions) {
    this.description = inner.description;
    this.#inner = inner;
    this.#options = options;
    this.#pipeline = new SourcePipeline(options);
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#ledger.connect((change) => sink.health(change));
    this.#lastSampleAtMs = this.#options.clock.nowMs();
    this.#watchSilence();
    this.#inner.start({
      reading: (reading) => this.#handleReading(reading),
      health: (change: HealthChange) => this.#ledger.apply(change),
    });
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#ledger.connect(undefined);
    this.#cancelDrain?.();
    this.#cancelSilence?.();
    await this.#inner.stop();
  }

  health() {
    return this.#ledger.items();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#inner.counters(), ...this.#pipeline.counters(), badKeys: this.#badKeys };
  }

  #handleReading(sample: Reading): void {
    if (this.#sink === undefined) return;
    if (keyFault(sample.key) !== undefined) {
      this.#badKeys += 1;
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    this.#lastSampleAtMs = nowMs;
    this.#ledger.clear({ code: 'source-silent', subject: this.description.name });
    this.#judge(sample, this.#pipeline.handleReading(nowMs, sample));
    this.#drain();
  }

  #drain(): void {
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    const nowMs = this.#options.clock.nowMs();
    for (const reading of this.#pipeline.drain(nowMs)) this.#sink?.reading(reading);
    const deadlineMs = this.#pipeline.nextDeadlineMs(nowMs);
    // The sink may have stopped us.
    if (deadlineMs === undefined || this.#sink === undefined) return;
    this.#cancelDrain = this.#options.clock.schedule(Math.max(0, deadlineMs - nowMs), () => this.#drain());
  }

  #judge(sample: Reading, verdict: PipelineVerdict): void {
    const { name } = this.description;
    const subject = `${name}: ${sample.key}`;
    if (verdict === 'accepted' || verdict === 'stuck') {
      this.#ledger.clear({ code: 'sensor-implausible', subject });
    }
    if (verdict === 'accepted') {
      this.#ledger.clear({ code: 'sensor-stuck', subject });
    } else if (verdict === 'stuck') {
      this.#ledger.raise({
        code: 'sensor-stuck',
        subject,
        severity: 'warning',
        title: `${sample.key} doesn't move`,
        text: 'The same number keeps coming for longer than stuckAfter. It is marked stale, as old as its last change. Check the sensor.',
      });
    } else if (verdict === 'implausible' && sample.quality !== 'bad') {
      this.#ledger.raise({
        code: 'sensor-implausible',
        subject,
        severity: 'warning',
        title: `${sample.key} is out of its plausible range`,
        text: 'The last good value is kept and marked bad. Check the wiring, or min, max and scale of this metric.',
      });
    } else if (verdict === 'refused') {
      this.#ledger.raise({
        code: 'source-too-many-keys',
        subject: name,
        severity: 'warning',
        title: 'more keys than allowed',
        text: 'Readings under further keys are dropped until the daemon restarts. Keys must not contain changing parts.',
      });
    }
  }

  /** One timer for the whole watch: it looks when the silence could be complete, and not at every sample. */
  #watchSilence(): void {
    const { silentAfterMs, clock } = this.#options;
    if (silentAfterMs === undefined) return;
    const quietMs = clock.nowMs() - this.#lastSampleAtMs;
    if (quietMs >= silentAfterMs) this.#reportSilence(silentAfterMs);
    const delayMs = quietMs >= silentAfterMs ? silentAfterMs : silentAfterMs - quietMs;
    this.#cancelSilence = clock.schedule(delayMs, () => this.#watchSilence());
  }

  #reportSilence(silentAfterMs: number): void {
    this.#ledger.raise({
      code: 'source-silent',
      subject: this.description.name,
      severity: 'failure',
      title: 'no readings',
      text:
        `Nothing came for ${silentAfterMs / 1000} s or longer. Check the sensor and its wiring with ` +
        `\`gridvine source test ${this.description.name}\`.`,
    });
  }
}
