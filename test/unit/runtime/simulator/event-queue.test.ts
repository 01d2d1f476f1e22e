import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventQueue } from '#runtime/simulator/event-queue.ts';

test('items come out by time, and in the order of insertion among equal times', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), (times) => {
      const queue = new EventQueue<number>();
      for (const [index, atMs] of times.entries()) queue.push(atMs, index);
      const expected = times
        .map((atMs, index) => ({ atMs, index }))
        .sort((a, b) => a.atMs - b.atMs || a.index - b.index)
        .map(({ index }) => index);
      const got: number[] = [];
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) got.push(item);
      assert.deepEqual(got, expected);
    }),
  );
});

test('order holds where pushes and pops take turns', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { maxLength: 80 }), (steps) => {
      const queue = new EventQueue<string>();
      let model: { atMs: number; sequence: number }[] = [];
      for (const [sequence, atMs] of steps.entries()) {
        if (atMs !== null) {
          queue.push(atMs, `${atMs}.${sequence}`);
          model.push({ atMs, sequence });
          continue;
        }
        model = model.sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
        const first = model.shift();
        assert.equal(queue.nextAtMs, first?.atMs ?? Number.POSITIVE_INFINITY);
        assert.equal(queue.pop(), first === undefined ? undefined : `${first.atMs}.${first.sequence}`);
      }
      assert.equal(queue.size, model.length);
    }),
  );
});
