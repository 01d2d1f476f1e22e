import type { Driver } from './driver.ts';
import type { Scheduler } from './scheduler.ts';

/** The engine goes on from what it was told; a clock that is set meanwhile is heard of within this time. */
const TELL_EVERY_MS = 3_600_000;

/** Tells the engine the time by this host's clock, now and every hour: a registrar renews certificates by it. @returns what ends it. */
export function tellTimeHourly(parts: {
  readonly driver: Pick<Driver, 'mutate'>;
  readonly scheduler: Pick<Scheduler, 'after'>;
  /** Seconds since 1970. */
  readonly wallSeconds: () => number;
}): () => void {
  const { driver, scheduler, wallSeconds } = parts;
  let cancel = () => {};
  const tell = () => {
    driver.mutate((engine, nowMs) => engine.tellTime(nowMs, wallSeconds()));
    cancel = scheduler.after(TELL_EVERY_MS, tell);
  };
  tell();
  return () => cancel();
}
