import { formatDuration } from '#runtime/core/durations.ts';

const PREFIXES = ['', 'k', 'M', 'G'] as const;

/** A number with at most three digits that count, and a prefix from 1000 on: `0.25 12.3 340 1.2k`. */
export function formatNumber(value: number): string {
  let scaled = value;
  let prefix = 0;
  while (Math.abs(scaled) >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  return `${Number(scaled.toPrecision(3))}${PREFIXES[prefix]}`;
}

export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}

/** Milliseconds as a duration; below ten with a digit behind the point. */
export function formatMs(ms: number): string {
  if (ms === 0) return '0';
  return ms < 10 ? `${Math.round(ms * 10) / 10}ms` : formatDuration(ms);
}

/** Results that are 1 or 0, for yes or no. */
const YES_OR_NO: ReadonlySet<string> = new Set(['converged', 'split']);

/** A result by the unit that its name ends in: `...Ms` is a duration, `bytes...` are bytes. */
export function formatResult(name: string, value: number): string {
  if (YES_OR_NO.has(name)) return value > 0 ? 'yes' : 'no';
  if (/Ms(\.|$)/.test(name)) return formatMs(value);
  return /bytes/i.test(name) ? `${formatNumber(value)}B` : formatNumber(value);
}
