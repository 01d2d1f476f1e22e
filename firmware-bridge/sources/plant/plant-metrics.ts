import type { MetricRule } from '../../pipeline/metric-options.ts';

/** How the plant's readings are thinned out, by the size of the plant: 1 % of a rating is a change worth telling. */
export function plantMetrics(options: {
  readonly panelWatts: number;
  readonly batteryWattsMax: number;
  readonly loadWatts: number;
}): readonly MetricRule[] {
  const watts = { decimals: 0, maxIntervalMs: 60_000 };
  return [
    { key: 'sim/pv/irradiance', decimals: 0, deadband: 10, maxIntervalMs: 60_000, min: 0, max: 1500 },
    { key: 'sim/pv/power', ...watts, deadband: percentOf(options.panelWatts), min: 0 },
    { key: 'sim/pv/curtailed', ...watts, deadband: percentOf(options.panelWatts), min: 0 },
    { key: 'sim/battery/soc', decimals: 1, deadband: 0.2, maxIntervalMs: 60_000, min: 0, max: 100 },
    { key: 'sim/battery/power', ...watts, deadband: percentOf(options.batteryWattsMax) },
    { key: 'sim/load/*', ...watts, deadband: percentOf(options.loadWatts), min: 0 },
  ];
}

function percentOf(watts: number): number {
  return Math.max(1, Math.round(watts / 100));
}
