import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryDelayMs } from '#device/mqtt/back-off.ts';

describe('the wait between attempts', () => {
  it('is drawn from a range that doubles from 1 s to 5 min', () => {
    const longest = (failures: number) => retryDelayMs({ failures, random: 1 });
    assert.deepEqual([1, 2, 3, 4, 9].map(longest), [1_000, 2_000, 4_000, 8_000, 256_000]);
    assert.equal(longest(10), 300_000);
    assert.equal(longest(1_000_000), 300_000);
  });

  it('uses the whole range', () => {
    assert.equal(retryDelayMs({ failures: 5, random: 0 }), 0);
    assert.equal(retryDelayMs({ failures: 5, random: 0.5 }), 8_000);
  });
});
