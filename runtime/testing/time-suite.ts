import type { Clock } from '../driver/clock.ts';
import type { Scheduler } from '../driver/scheduler.ts';
import { assert, eventually, type TestFunction } from './check.ts';

/** A clock and a scheduler to try. */
export interface TimeUnderTest {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Lets about so much time go by, and runs what falls due. Default: waits until the clock says so. */
  readonly pass?: (ms: number) => Promise<void> | void;
}

/** Timers of a busy machine are late; none is early by more than a clock's resolution. */
const RESOLUTION_MS = 15;

/** What holds for every `Clock` and `Scheduler`: call it with your framework's `test`, a name, and what makes them for each case. */
export function timeCompliance(tell: TestFunction, name: string, make: () => TimeUnderTest): void {
  const test = (
    title: string,
    body: (time: TimeUnderTest, pass: (ms: number) => Promise<void> | void) => Promise<void> | void,
  ) =>
    tell(`${name}: ${title}`, () => {
      const time = make();
      return body(time, time.pass ?? ((ms) => untilLater(time.clock, ms)));
    });

  test('time is whole milliseconds that never go back', async ({ clock }, pass) => {
    let last = clock.nowMs();
    for (let i = 0; i < 50; i++) {
      const nowMs = clock.nowMs();
      assert.ok(Number.isSafeInteger(nowMs) && nowMs >= last, `${last}, then ${nowMs}`);
      last = nowMs;
      if (i % 10 === 0) await pass(1);
    }
    const exactMs = clock.exactMs?.() ?? last;
    assert.ok(exactMs >= last, `${last}, then exactly ${exactMs}`);
  });

  test('time goes on', async ({ clock }, pass) => {
    const before = clock.nowMs();
    await pass(60);
    assert.ok(clock.nowMs() - before >= 60 - RESOLUTION_MS, 'at least what went by');
  });

  test('a jump is told once, and there is none while nothing jumps', async ({ clock }, pass) => {
    clock.takeJumpMs();
    await pass(5);
    assert.equal(clock.takeJumpMs(), 0, 'a jump');
  });

  test('a callback comes once, not before its time, and never from within the call', async ({
    clock,
    scheduler,
  }, pass) => {
    const startMs = clock.nowMs();
    const came: number[] = [];
    scheduler.after(40, () => came.push(clock.nowMs() - startMs));
    scheduler.after(0, () => came.push(0));
    assert.deepEqual(came, []);
    await pass(80);
    await pass(40);
    assert.equal(came.length, 2, 'callbacks');
    const lateMs = came.at(-1) ?? 0;
    assert.ok(lateMs >= 40 - RESOLUTION_MS, `after ${lateMs} ms`);
  });

  test('a cancelled callback does not come, and cancelling too late is harmless', async ({
    scheduler,
  }, pass) => {
    let count = 0;
    const cancel = scheduler.after(10, () => count++);
    cancel();
    const late = scheduler.after(5, () => count++);
    await pass(40);
    late();
    cancel();
    assert.equal(count, 1, 'callbacks');
  });

  test('a delay beyond what timers hold is not cut short', async ({ scheduler }, pass) => {
    let count = 0;
    const cancel = scheduler.after(2 ** 32, () => count++);
    await pass(30);
    cancel();
    assert.equal(count, 0, 'callbacks');
  });

  test('what is asked for soon comes after what runs now', async ({ scheduler }, pass) => {
    const order: string[] = [];
    scheduler.soon(() => order.push('soon'));
    order.push('now');
    await pass(20);
    assert.deepEqual(order, ['now', 'soon']);
  });
}

async function untilLater(clock: Clock, ms: number): Promise<void> {
  const endMs = clock.nowMs() + ms;
  await eventually(() => clock.nowMs() >= endMs);
}
