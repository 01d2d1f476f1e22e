import process from 'node:process';
import type { ClockPort } from './clock-port.ts';

/**
 * Node's timers and clocks. Without `nowMs` the boot time is the monotonic clock, which stops in suspend: good enough
 * for a command that runs for seconds, but the daemon passes its own.
 */
export function nodeClock(nowMs: () => number = monotonicMs): ClockPort {
  return {
    nowMs,
    wallMs: () => Date.now(),
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, Math.max(0, Math.ceil(delayMs)));
      return () => clearTimeout(timer);
    },
  };
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
