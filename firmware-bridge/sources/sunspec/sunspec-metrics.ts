import type { MetricRule } from '../../pipeline/metric-options.ts';

/** How readings of SunSpec devices are thinned out: changes within what meters of this kind wobble by stay at home. */
export function sunspecMetrics(keyPrefix: string, staleAfterMs: number): readonly MetricRule[] {
  const slow = { minIntervalMs: 60_000, maxIntervalMs: 3_600_000 };
  return [
    { key: `${keyPrefix}/**`, maxIntervalMs: 60_000, staleAfterMs },
    { key: `${keyPrefix}/**/*power*`, deadband: 10 },
    { key: `${keyPrefix}/**/power-factor`, deadband: 1 },
    { key: `${keyPrefix}/**/limit/*`, deadband: 0.5 },
    { key: `${keyPrefix}/**/*voltage*`, deadband: 0.5 },
    { key: `${keyPrefix}/**/cell-voltage-*`, deadband: 0.01 },
    { key: `${keyPrefix}/**/*current*`, deadband: 0.1 },
    { key: `${keyPrefix}/**/frequency`, deadband: 0.02, min: 0, max: 500 },
    { key: `${keyPrefix}/**/soc`, deadband: 0.5, min: 0, max: 100 },
    { key: `${keyPrefix}/**/temperature`, deadband: 1, min: -60, max: 200 },
    { key: `${keyPrefix}/**/*energy*`, ...slow },
    { key: `${keyPrefix}/**/cycles`, ...slow },
    { key: `${keyPrefix}/**/capacity`, ...slow },
    { key: `${keyPrefix}/**/device/*`, maxIntervalMs: 3_600_000 },
  ];
}
