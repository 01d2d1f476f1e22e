import type { HealthChange } from '#bridge/health.ts';
import type { Reading } from '#bridge/reading.ts';
import type { SourceSink } from '#bridge/source.ts';

/** Keeps what a source delivers. */
export class RecordingSink implements SourceSink {
  readonly readings: Reading[] = [];
  readonly changes: HealthChange[] = [];

  reading(reading: Reading): void {
    this.readings.push(reading);
  }

  health(change: HealthChange): void {
    this.changes.push(change);
  }

  /** The readings under a key, oldest first. */
  of(key: string): readonly Reading[] {
    return this.readings.filter((reading) => reading.key === key);
  }

  last(key: string): Reading | undefined {
    return this.of(key).at(-1);
  }

  /** `+code subject` for raised and `-code subject` for cleared, in order. */
  get healthLog(): readonly string[] {
    return this.changes.map((change) =>
      change.kind === 'raise'
        ? `+${change.item.code} ${change.item.subject}`
        : `-${change.code} ${change.subject}`,
    );
  }
}
