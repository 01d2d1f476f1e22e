import type { MetricRule } from '../../pipeline/metric-options.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * How the system's readings are thinned out unless the configuration says otherwise. The deadbands lie above what an
 * idle board wobbles by, so that it gossips a handful of values a minute; the longest intervals keep ages meaningful.
 */
export function systemMetrics(intervalMs: number): readonly MetricRule[] {
  // A sensor that hangs, or is unplugged, shows after three missed rounds.
  const staleAfterMs = Math.max(MINUTE_MS, 3 * intervalMs);
  return [{ key: 'system/*', maxIntervalMs: 5 * MINUTE_MS, staleAfterMs }, ...METRICS];
}

const METRICS: readonly MetricRule[] = [
  { key: 'system/cpu', decimals: 1, deadband: 3, maxIntervalMs: MINUTE_MS, min: 0, max: 100 },
  { key: 'system/memory', decimals: 1, deadband: 1, min: 0, max: 100 },
  { key: 'system/memory-total', decimals: 0, deadband: 1, maxIntervalMs: HOUR_MS },
  { key: 'system/disk', decimals: 1, deadband: 0.5, min: 0, max: 100 },
  { key: 'system/disk-total', decimals: 0, deadband: 1, maxIntervalMs: HOUR_MS },
  { key: 'system/temperature', decimals: 1, deadband: 1, maxIntervalMs: 2 * MINUTE_MS, min: -40, max: 125 },
  {
    key: 'system/load1',
    decimals: 2,
    deadband: 0.2,
    minIntervalMs: 15_000,
    maxIntervalMs: 2 * MINUTE_MS,
    min: 0,
  },
  // It counts up for ever: only the interval decides.
  { key: 'system/uptime', decimals: 0, minIntervalMs: 10 * MINUTE_MS, maxIntervalMs: 10 * MINUTE_MS, min: 0 },
];
