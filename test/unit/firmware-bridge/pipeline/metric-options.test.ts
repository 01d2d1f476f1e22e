import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricOptionsFor } from '#bridge/pipeline/metric-options.ts';

test('later rules win over earlier ones, option by option', () => {
  const rules = [
    { key: '**', decimals: 1, deadband: 5 },
    { key: 'tank/*', deadband: 1, unit: undefined },
    { key: 'pump/*', deadband: 99 },
    { key: 'tank/level', unit: '%' },
  ];
  assert.deepEqual(metricOptionsFor(rules, 'tank/level'), { decimals: 1, deadband: 1, unit: '%' });
  assert.deepEqual(metricOptionsFor(rules, 'other'), { decimals: 1, deadband: 5 });
  assert.deepEqual(metricOptionsFor([], 'other'), {});
});
