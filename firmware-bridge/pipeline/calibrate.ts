import type { AppValue } from '#runtime/core/value.ts';
import type { MetricOptions } from './metric-options.ts';

/** A value after calibration and rounding, or undefined if it is not plausible. */
export type Calibrated = { readonly value: AppValue } | undefined;

/**
 * Scales, shifts and rounds a number and holds it against the plausible range. A value that is no number passes as it
 * is, unless scale, offset, min or max say that a number is due. NaN and infinities are never plausible.
 */
export function calibrate(value: AppValue, options: MetricOptions): Calibrated {
  if (typeof value !== 'number') return expectsNumber(options) ? undefined : { value };
  const scaled = value * (options.scale ?? 1) + (options.offset ?? 0);
  if (!Number.isFinite(scaled)) return undefined;
  const rounded = options.decimals === undefined ? scaled : roundTo(scaled, options.decimals);
  if (options.min !== undefined && rounded < options.min) return undefined;
  if (options.max !== undefined && rounded > options.max) return undefined;
  return { value: rounded };
}

/** Rounds half away from zero to `decimals` (0 to 9) digits after the point; never gives -0. */
export function roundTo(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  const shifted = Math.abs(value) * factor;
  // From 2^53 on a double has no fraction left to round, and the product may have overflowed.
  if (!(shifted < Number.MAX_SAFE_INTEGER)) return value;
  return (Math.sign(value) * Math.round(shifted)) / factor || 0;
}

function expectsNumber(options: MetricOptions): boolean {
  return [options.scale, options.offset, options.min, options.max].some((option) => option !== undefined);
}
