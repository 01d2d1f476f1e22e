import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REPLAY_WINDOW } from '#runtime/core/limits.ts';
import { ReplayWindow, WindowSlab } from '#runtime/crypto/replay-window.ts';

test('the window admits exactly what a set of all counters ever seen would admit', () => {
  const step = fc.oneof(fc.integer({ min: -1_100, max: 40 }), fc.integer({ min: 1_000, max: 3_000 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.array(step, { maxLength: 200 }), (first, steps) => {
      const window = new ReplayWindow(new WindowSlab());
      const seen = new Set<number>();
      let highest = 0;
      let counter = first;
      for (const offset of [0, ...steps]) {
        counter = Math.max(1, (highest === 0 ? counter : highest) + offset);
        const expected = !seen.has(counter) && counter >= highest - REPLAY_WINDOW;
        assert.equal(window.isFresh(counter), expected);
        if (!expected) continue;
        window.accept(counter);
        seen.add(counter);
        highest = Math.max(highest, counter);
      }
    }),
  );
});
