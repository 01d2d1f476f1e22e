import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostClock } from '#runtime/simulator/host-clock.ts';
import { VirtualClock } from '#runtime/simulator/virtual-clock.ts';

test('time jumps from one action to the next and ends where it was told to', () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  clock.at(30, () => seen.push(clock.nowMs));
  clock.after(10, () => {
    seen.push(clock.nowMs);
    clock.after(5, () => seen.push(clock.nowMs));
  });
  clock.runUntil(20);
  assert.deepEqual(seen, [10, 15]);
  assert.equal(clock.nowMs, 20);
  assert.equal(clock.pending, 1);
});

test('an action for the past runs now, after what was asked for earlier', () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.at(10, () => {
    clock.at(3, () => seen.push(`late at ${clock.nowMs}`));
    seen.push('first');
  });
  clock.runUntil(10);
  assert.deepEqual(seen, ['first', 'late at 10']);
});

test('a condition stops the clock at the very step that fulfilled it', () => {
  const clock = new VirtualClock();
  let count = 0;
  clock.every(7, () => ++count > 0);
  assert.equal(
    clock.runUntilCondition(100, () => count === 3),
    true,
  );
  assert.equal(clock.nowMs, 21);
  assert.equal(
    clock.runUntilCondition(30, () => count === 99),
    false,
  );
  assert.equal(clock.nowMs, 30);
});

test('a repetition ends when it says so', () => {
  const clock = new VirtualClock();
  let count = 0;
  clock.every(1, () => ++count < 4);
  clock.runUntil(100);
  assert.equal(count, 4);
});

test("a host's clock converts both ways exactly, and steps only ahead", () => {
  const host = new HostClock({ offsetMs: 123_456.789 });
  const local = host.local(1_000);
  assert.equal(host.world(local), 1_000);
  host.step(500);
  assert.equal(host.local(1_000), local + 500);
  assert.throws(() => host.step(-1), RangeError);
  const fast = new HostClock({ offsetMs: 0, rate: 1.05 });
  assert.equal(fast.local(1_000), 1_050);
});
