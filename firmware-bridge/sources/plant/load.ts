import { smoothNoise } from './noise.ts';

const DAY_MS = 86_400_000;

/** Share of the mean load in each hour of local solar time: a small settlement with a breakfast and an evening peak. */
const HOURLY_SHARE: readonly number[] = [
  0.55, 0.5, 0.48, 0.48, 0.52, 0.7, 1.05, 1.3, 1.15, 0.95, 0.9, 0.95, 1.1, 1.0, 0.9, 0.9, 1.0, 1.25, 1.65,
  1.85, 1.7, 1.4, 1.0, 0.72,
];

const MEAN_SHARE = HOURLY_SHARE.reduce((sum, share) => sum + share, 0) / HOURLY_SHARE.length;

/** Power that the consumers ask for, in W, at a Unix time in ms: a daily profile with people in it. Above 0. */
export function loadDemand(options: {
  /** Mean over a day, W. */
  readonly meanWatts: number;
  /** Degrees east: sets the local solar time. */
  readonly longitude: number;
  readonly seed: number;
  readonly timeMs: number;
}): number {
  const { seed, timeMs } = options;
  const slow = smoothNoise({ seed, timeMs, channel: 11, periodMs: 40 * 60_000 }) - 0.5;
  const quick = smoothNoise({ seed, timeMs, channel: 12, periodMs: 90_000 }) - 0.5;
  const people = 1 + 0.3 * slow + 0.16 * quick;
  return options.meanWatts * profileAt(localHour(timeMs, options.longitude)) * people;
}

function localHour(timeMs: number, longitude: number): number {
  const localMs = timeMs + (longitude / 360) * DAY_MS;
  return (((localMs % DAY_MS) + DAY_MS) % DAY_MS) / 3_600_000;
}

function profileAt(hour: number): number {
  const index = Math.floor(hour);
  const from = HOURLY_SHARE[index % 24]!;
  const to = HOURLY_SHARE[(index + 1) % 24]!;
  return (from + (to - from) * (hour - index)) / MEAN_SHARE;
}
