import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BootClock } from '#runtime/driver/clock.ts';

/** A machine whose monotonic clock stands still while it sleeps. */
function machine(startMs = 5_000) {
  let monotonic = 100;
  let uptime = startMs;
  let readable = true;
  let reads = 0;
  let wall = 1_700_000_000_000;
  return {
    clock: new BootClock({
      monotonicMs: () => monotonic,
      uptimeMs: () => {
        reads++;
        return readable ? Math.floor(uptime / 10) * 10 : undefined;
      },
      wallMs: () => wall,
    }),
    run: (ms: number) => {
      monotonic += ms;
      uptime += ms;
      wall += ms;
    },
    sleep: (ms: number) => {
      uptime += ms;
      wall += ms;
    },
    setWall: (ms: number) => {
      wall += ms;
    },
    rejuvenate: (ms: number) => {
      uptime -= ms;
    },
    hideUptime: () => {
      readable = false;
    },
    reads: () => reads,
  };
}

test('the clock counts from the machine’s boot, in whole milliseconds', () => {
  const { clock, run } = machine(5_000);
  assert.equal(clock.nowMs(), 5_000);
  run(12.75);
  assert.equal(clock.nowMs(), 5_012);
});

// B-135
test('sleep counts, and is told once as a jump', () => {
  const { clock, run, sleep } = machine(5_000);
  sleep(600_000);
  run(500);
  assert.ok(Math.abs(clock.nowMs() - 605_500) <= 10);
  assert.ok(Math.abs(clock.takeJumpMs() - 600_000) <= 10);
  assert.equal(clock.takeJumpMs(), 0);
});

test('a wall clock that leaps ahead is told as a jump, and moves no time', () => {
  const { clock, run, setWall } = machine(5_000);
  setWall(30_000);
  run(1_000);
  assert.equal(clock.nowMs(), 6_000);
  assert.equal(clock.takeJumpMs(), 30_000);
  run(1_000);
  assert.equal(clock.nowMs(), 7_000);
  assert.equal(clock.takeJumpMs(), 0);
});

test('a wall clock that is set back, or corrected a little, is none of our business', () => {
  const { clock, run, setWall } = machine(5_000);
  for (const ms of [-3_600_000, 400, -50 * 365 * 86_400_000, 999, 0.5]) {
    setWall(ms);
    run(500);
    clock.nowMs();
    assert.equal(clock.takeJumpMs(), 0, `${ms}`);
  }
});

test('without an uptime sleep still shows by the wall clock', () => {
  const { clock, run, sleep, hideUptime } = machine(5_000);
  hideUptime();
  sleep(60_000);
  run(500);
  assert.equal(clock.nowMs(), 5_500);
  assert.equal(clock.takeJumpMs(), 60_000);
});

test('without sleep there is never a jump', () => {
  const { clock, run } = machine();
  for (let i = 0; i < 10_000; i++) {
    run(7.3);
    clock.nowMs();
    assert.equal(clock.takeJumpMs(), 0);
  }
});

test('the clock never goes back, whatever happens to the machine', () => {
  const step = fc.record({
    run: fc.integer({ min: 0, max: 5_000 }),
    sleep: fc.integer({ min: 0, max: 100_000 }),
    younger: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { clock, run, sleep, rejuvenate } = machine(1_000_000);
      let last = clock.nowMs();
      for (const { run: ran, sleep: slept, younger } of steps) {
        run(ran);
        sleep(slept);
        rejuvenate(younger);
        const now = clock.nowMs();
        assert.ok(now >= last);
        last = now;
      }
    }),
  );
});

test('without an uptime the monotonic clock serves', () => {
  const { clock, run, hideUptime } = machine(5_000);
  hideUptime();
  run(10_000);
  assert.equal(clock.nowMs(), 15_000);
});

test('the uptime is read at a low rate', () => {
  const { clock, run, reads } = machine();
  for (let i = 0; i < 10_000; i++) {
    run(1);
    clock.nowMs();
  }
  assert.ok(reads() <= 21, `${reads()} reads in 10 s`);
});

test('the real clock agrees with the machine’s uptime', async () => {
  const { readFile } = await import('node:fs/promises');
  const now = new BootClock().nowMs();
  const uptimeMs = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) * 1_000;
  assert.ok(Math.abs(now - uptimeMs) < 60_000);
});
