import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatByteRate, parseByteRate } from '#runtime/core/byte-rates.ts';

test('rates are read as people type them, in decimal units', () => {
  for (const [text, bytesPerSecond] of [
    ['500B/s', 500],
    ['20kB/s', 20_000],
    ['20KB/s', 20_000],
    ['1.5 MB/s', 1_500_000],
    [' 1GB/s ', 1_000_000_000],
    ['0B/s', 0],
  ] as const)
    assert.equal(parseByteRate(text), bytesPerSecond, text);
});

test('what may mean something else is no rate', () => {
  for (const text of [
    '',
    '20',
    '20kB',
    '20kb/s',
    '20kbit/s',
    '20 kbps',
    '-1B/s',
    '1e3B/s',
    'kB/s',
    '20 kB / s',
    '1mB/s',
  ])
    assert.equal(parseByteRate(text), undefined, text);
});

test('a rate is written as short as it goes', () => {
  for (const [bytesPerSecond, text] of [
    [0, '0B/s'],
    [999, '999B/s'],
    [4_000, '4kB/s'],
    [1_250_000, '1.25MB/s'],
    [1_000_001, '1000.001kB/s'],
    [1_000_000_000, '1GB/s'],
  ] as const)
    assert.equal(formatByteRate(bytesPerSecond), text);
});

test('what was written is read as the same number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (bytesPerSecond) => {
      assert.equal(parseByteRate(formatByteRate(bytesPerSecond)), bytesPerSecond);
    }),
  );
});
