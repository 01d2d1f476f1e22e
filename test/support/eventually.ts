import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** What is waited for, for the failure's message. */
  readonly what?: string;
  /** Gives up after this long; generous, because it is only reached when the test fails. Default 10 s. */
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until `probe` answers something other than undefined or false, and returns it. An assertion that `probe` throws counts as
 * "not yet". Rejects with the last such error, or with a message, when the time is over.
 */
export async function eventually<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { what = 'the condition', withinMs = 10_000, everyMs = 10 } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) throw failure ?? new Error(`${what}: not within ${withinMs} ms`);
    await delay(everyMs);
  }
}
