/** How a set of measurements lies; null where there was none. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Mean and maximum over nodes. */
export interface MeanMax {
  readonly mean: number;
  readonly max: number;
}

/** Nearest-rank percentiles, rounded to a tenth. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => {
    if (sorted.length === 0) return null;
    return roundTenth(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]);
  };
  return { p50: rank(0.5), p99: rank(0.99), max: rank(1) };
}

/** Steps of a distribution: each hundredth. */
const DISTRIBUTION_STEPS = 100;

/**
 * A whole distribution in 101 numbers: its quantiles from 0 to 1 in steps of a hundredth (nearest rank), however many values
 * there were; empty for no values.
 */
export function distribution(values: readonly number[]): number[] {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  return Array.from({ length: DISTRIBUTION_STEPS + 1 }, (_, step) => {
    const rank = Math.ceil((step / DISTRIBUTION_STEPS) * sorted.length) - 1;
    return roundTenth(sorted[Math.max(0, rank)]);
  });
}

/** 0 and 0 for no values. */
export function meanMax(values: readonly number[]): MeanMax {
  if (values.length === 0) return { mean: 0, max: 0 };
  const sum = values.reduce((total, value) => total + value, 0);
  return { mean: roundTenth(sum / values.length), max: roundTenth(Math.max(...values)) };
}

/** The middle value (the mean of the two middle ones); `values` must not be empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : roundTenth((sorted[middle - 1] + sorted[middle]) / 2);
}

export function roundTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
