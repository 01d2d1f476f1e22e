import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '#runtime/core/durations.ts';
import { fromHex, isNodeId, toHex } from '#runtime/core/ids.ts';
import { BOOT_MAX, bootOf, makeVersion } from '#runtime/core/version.ts';

test('durations are read in every unit, and a bare number is none', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5h', 5_400_000],
    [' 3s ', 3_000],
    ['0ms', 0],
  ] as const)
    assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '5', 's', '-5s', '5 s', '.5s', '5.s', '1e3ms', '5S', '1h30m', 'NaNs'])
    assert.equal(parseDuration(text), undefined, text);
});

test('a duration is told in its largest unit', () => {
  for (const [ms, text] of [
    [0, '0ms'],
    [840, '840ms'],
    [3_250, '3.2s'],
    [59_999, '59s'],
    [300_000, '5m'],
    [7_200_000, '2h'],
    [3 * 86_400_000, '3d'],
  ] as const)
    assert.equal(formatDuration(ms), text);
});

test('hex goes both ways and refuses what is none', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(fromHex(toHex(bytes)), bytes);
  assert.deepEqual(fromHex('AbCd'), Uint8Array.of(0xab, 0xcd));
  for (const text of ['a', 'zz', '0x', ' a']) assert.throws(() => fromHex(text), RangeError);
});

test('a node id is 32 lower-case hex digits', () => {
  assert.equal(isNodeId('0a'.repeat(16)), true);
  for (const text of ['0A'.repeat(16), '0a'.repeat(15), '0a'.repeat(17), `${'0a'.repeat(15)}0g`, ''])
    assert.equal(isNodeId(text), false, text);
});

test('[P-1.4] a version orders by boot, then by sequence', () => {
  assert.ok(makeVersion(2, 0) > makeVersion(1, 2 ** 32 - 1));
  assert.ok(makeVersion(1, 2) > makeVersion(1, 1));
  assert.equal(bootOf(makeVersion(BOOT_MAX, 2 ** 32 - 1)), BOOT_MAX);
  assert.ok(Number.isSafeInteger(makeVersion(BOOT_MAX, 2 ** 32 - 1)));
  for (const [boot, sequence] of [
    [BOOT_MAX + 1, 0],
    [-1, 0],
    [1.5, 0],
    [1, 2 ** 32],
    [1, -1],
    [1, 0.5],
    [Number.NaN, 1],
  ])
    assert.throws(() => makeVersion(boot, sequence), RangeError);
});
