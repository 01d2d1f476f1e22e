import type { HealthChange, HealthItem } from './health.ts';
import type { Reading } from './reading.ts';

/** What a source is, for lists and logs. */
export interface SourceDescription {
  readonly kind: string;
  /** The name from the configuration, unique on this node. */
  readonly name: string;
  /** True if the readings are invented. Their keys then lie under `sim/`. */
  readonly simulated?: boolean;
}

/** Where a running source delivers. Both methods return at once and never throw. */
export interface SourceSink {
  reading(reading: Reading): void;
  health(change: HealthChange): void;
}

/**
 * Anything that turns hardware, files, a program or a model into readings. A sensor's fault is never an exception: it
 * becomes a reading of quality `bad`, a counter or a health item.
 */
export interface Source {
  readonly description: SourceDescription;
  /** Begins to deliver to `sink`. Called at most once between two `stop`s. */
  start(sink: SourceSink): void;
  /**
   * Ends it: nothing is delivered after the call, and the promise resolves when nothing of it runs any more, within 4 s.
   * Safe to call twice, and before `start`.
   */
  stop(): Promise<void>;
  /** The conditions that hold now. */
  health(): readonly HealthItem[];
  /** Monotonic counts since the source was made, by a stable camelCase name. */
  counters(): Readonly<Record<string, number>>;
}
