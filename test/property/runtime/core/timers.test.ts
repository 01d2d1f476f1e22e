import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerTable } from '#runtime/core/timers.ts';

/** The same by a plain map: slow and easy to read. */
class NaiveTimers {
  readonly deadlines = new Map<string, number>();

  get nextMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.deadlines.values());
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const time = fc.integer({ min: 0, max: 50 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, at: time }),
  fc.record({ kind: fc.constant('setEarlier' as const), key, at: time }),
  fc.record({ kind: fc.constant('clear' as const), key, at: time }),
  fc.record({ kind: fc.constant('take' as const), key, at: time }),
);

test('the timer table agrees with a plain map of deadlines', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const timers = new TimerTable();
      const naive = new NaiveTimers();
      for (const { kind, key, at } of steps) {
        const present = naive.deadlines.get(key);
        if (kind === 'take') {
          const taken = timers.takeDue(at);
          if (taken === undefined) assert.ok(naive.nextMs > at);
          else {
            assert.equal(naive.deadlines.get(taken), naive.nextMs);
            assert.ok(naive.nextMs <= at);
            naive.deadlines.delete(taken);
          }
        } else if (kind === 'clear') {
          timers.clear(key);
          naive.deadlines.delete(key);
        } else {
          timers[kind](key, at);
          if (kind === 'set' || present === undefined || at < present) naive.deadlines.set(key, at);
        }
        assert.equal(timers.nextMs, naive.nextMs);
        assert.equal(timers.size, naive.deadlines.size);
        assert.equal(timers.has(key), naive.deadlines.has(key));
      }
    }),
  );
});

test('one deadline moved a hundred thousand times comes up once', () => {
  const timers = new TimerTable();
  for (let i = 0; i < 100_000; i++) timers.set('a', 200_000 - i);
  assert.equal(timers.takeDue(200_000), 'a');
  assert.equal(timers.takeDue(200_000), undefined);
  assert.equal(timers.nextMs, Number.POSITIVE_INFINITY);
});
