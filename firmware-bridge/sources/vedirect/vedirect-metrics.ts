import type { MetricRule } from '../../pipeline/metric-options.ts';

/** How readings of VE.Direct devices are thinned out: the device sends all of them each second. */
export function vedirectMetrics(keyPrefix: string, staleAfterMs: number): readonly MetricRule[] {
  const at = (key: string) => `${keyPrefix}/${key}`;
  const live = { minIntervalMs: 1000, maxIntervalMs: 60_000, staleAfterMs };
  const slow = { maxIntervalMs: 3_600_000 };
  return [
    { key: at('**'), ...live },
    { key: at('*/voltage*'), deadband: 0.05 },
    { key: at('*/*-voltage'), deadband: 0.05 },
    { key: at('pv/voltage'), deadband: 0.5 },
    { key: at('*/current*'), deadband: 0.1 },
    { key: at('*/power'), deadband: 5 },
    { key: at('battery/soc'), deadband: 0.2, min: 0, max: 100 },
    { key: at('battery/consumed'), deadband: 0.1 },
    { key: at('battery/temperature'), deadband: 0.5, min: -60, max: 150 },
    { key: at('battery/time-to-go'), deadband: 5 },
    { key: at('history/**'), ...slow, minIntervalMs: 60_000 },
    { key: at('yield/**'), ...slow, minIntervalMs: 60_000 },
    { key: at('device/**'), ...slow },
  ];
}
