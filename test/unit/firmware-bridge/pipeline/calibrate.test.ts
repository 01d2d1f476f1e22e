import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrate, roundTo } from '#bridge/pipeline/calibrate.ts';

test('a number is scaled, shifted, rounded and then held against the range', () => {
  assert.deepEqual(calibrate(1234, { scale: 0.1, offset: -100, decimals: 1 }), { value: 23.4 });
  assert.equal(calibrate(1234, { scale: 0.1, max: 123 }), undefined);
  assert.deepEqual(calibrate(123.04, { decimals: 1, max: 123 }), { value: 123 });
  assert.equal(calibrate(-0.1, { min: 0 }), undefined);
});

test('NaN and infinities are not plausible, also when the calibration makes them', () => {
  assert.equal(calibrate(Number.NaN, {}), undefined);
  assert.equal(calibrate(Number.POSITIVE_INFINITY, {}), undefined);
  assert.equal(calibrate(1e308, { scale: 100 }), undefined);
});

test('text passes unless the options say that a number is due', () => {
  assert.deepEqual(calibrate('open', { decimals: 1 }), { value: 'open' });
  assert.equal(calibrate('open', { min: 0 }), undefined);
  assert.equal(calibrate(null, { scale: 2 }), undefined);
});

test('rounding goes half away from zero, leaves huge numbers alone and never gives minus zero', () => {
  assert.equal(roundTo(2.5, 0), 3);
  assert.equal(roundTo(-2.5, 0), -3);
  assert.ok(Object.is(roundTo(-0.2, 0), 0));
  assert.equal(roundTo(1e300, 9), 1e300);
});
