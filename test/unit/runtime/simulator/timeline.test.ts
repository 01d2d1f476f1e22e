import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from '#runtime/simulator/timeline.ts';

function filled(rows: number) {
  const timeline = new Timeline<{ atMs: number; sum: number }>({
    intervalMs: 10,
    merge: (earlier, later) => ({ atMs: later.atMs, sum: earlier.sum + later.sum }),
  });
  let atMs = 0;
  timeline.add({ atMs, sum: 0 });
  for (let row = 1; row < rows; row++) {
    const intervalMs = timeline.intervalMs;
    atMs += intervalMs;
    timeline.add({ atMs, sum: intervalMs });
  }
  return { timeline, atMs };
}

test('a short timeline keeps each row', () => {
  const { timeline } = filled(5);
  assert.deepEqual(timeline.columns(), { atMs: [0, 10, 20, 30, 40], sum: [0, 10, 10, 10, 10] });
});

test('however long it is, rows stay few and nothing is lost by merging', () => {
  const { timeline, atMs } = filled(5_000);
  const { atMs: times, sum } = timeline.columns();
  assert.ok(times.length <= 400 && times.length > 150, `${times.length} rows`);
  assert.equal(times[0], 0);
  assert.equal(times.at(-1), atMs);
  assert.equal(
    sum.reduce((total, value) => total + value, 0),
    atMs,
  );
  assert.ok(times.every((time, i) => i === 0 || time > times[i - 1]));
});

test('an empty timeline has no columns', () => {
  const timeline = new Timeline({ intervalMs: 10, merge: (_, later) => later });
  assert.throws(() => timeline.columns(), /without a row/);
});
