import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Trickle } from '#runtime/engine/trickle.ts';

const bounds = fc
  .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 100_000 }))
  .map(([minMs, more]) => ({ minMs, maxMs: minMs + more }));
const step = fc.constantFrom('same', 'other', 'turn');

test('pauses stay within their bounds, double at most, and are shortest after a difference or after speaking', () => {
  fc.assert(
    fc.property(bounds, fc.array(step, { maxLength: 200 }), ({ minMs, maxMs }, steps) => {
      const trickle = new Trickle({ minMs, maxMs });
      let heard = 0;
      for (const each of steps) {
        const before = trickle.intervalMs;
        if (each === 'same') {
          trickle.hearConsistent();
          heard++;
        } else if (each === 'other') {
          trickle.hearInconsistent();
          heard = 0;
          assert.equal(trickle.intervalMs, minMs);
        } else {
          const speaks = trickle.turn();
          assert.equal(speaks, heard < 2);
          assert.equal(trickle.intervalMs, speaks ? minMs : Math.min(maxMs, 2 * before));
          heard = 0;
        }
        assert.ok(trickle.intervalMs >= minMs && trickle.intervalMs <= maxMs);
      }
    }),
  );
});

test('in lasting agreement nothing is said, and the longest pause is reached', () => {
  fc.assert(
    fc.property(bounds, ({ minMs, maxMs }) => {
      const trickle = new Trickle({ minMs, maxMs });
      for (let turn = 0; turn < 20; turn++) {
        for (let peer = 0; peer < 5; peer++) trickle.hearConsistent();
        assert.equal(trickle.turn(), false);
      }
      assert.equal(trickle.intervalMs, maxMs);
    }),
  );
});
