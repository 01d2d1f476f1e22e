import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from './limits.ts';

/**
 * The wait before attempt number `failures` (1 or more after that many failures in a row): uniform between 0 and a bound
 * that starts at 1 s and doubles to 5 min. The whole range is random ("full jitter"), so that a site's bridges that lost
 * their broker together don't come back together.
 */
export function retryDelayMs(options: { readonly failures: number; readonly random: number }): number {
  const bound = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.min(30, options.failures - 1));
  return Math.round(options.random * bound);
}
