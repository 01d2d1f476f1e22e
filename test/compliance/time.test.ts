import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { BootClock } from '#runtime/driver/clock.ts';
import { nodeScheduler } from '#runtime/driver/scheduler.ts';
import { ManualTime } from '#runtime/testing/manual-time.ts';
import { timeCompliance } from '#runtime/testing/time-suite.ts';

timeCompliance(test, 'this machine', () => ({ clock: new BootClock(), scheduler: nodeScheduler }));

timeCompliance(test, 'by hand', () => {
  const time = new ManualTime();
  const pass = async (ms: number) => {
    time.advance(ms);
    await turn();
    time.settle();
  };
  return { clock: time, scheduler: time, pass };
});
