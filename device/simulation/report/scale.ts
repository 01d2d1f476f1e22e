import { scaleLinear, scaleLog } from 'd3-scale';

/** One axis of a chart. */
export interface AxisSpec {
  readonly label: string;
  readonly scale: 'linear' | 'log';
  /** Whether it ends with the data, instead of at a round number. */
  readonly tight?: boolean;
  /** What must be within the axis besides the data. */
  readonly include?: readonly number[];
  /** Where the ticks are; default: round numbers. */
  readonly ticks?: readonly number[];
  readonly format: (value: number) => string;
}

/** An axis laid over a stretch of the drawing. */
export interface Scale {
  readonly ticks: readonly number[];
  /** Where a value lies; beyond the ends it lies at the end. */
  place(value: number): number;
}

/** Values to fit onto, and the stretch of the drawing. */
export interface Extent {
  readonly values: readonly number[];
  readonly range: readonly [number, number];
  readonly tickCount: number;
}

/** On a logarithmic axis what is 0 or less lies this far below the least positive value. */
const BELOW = 2;

/** Lays an axis over all values; it always has some length, even for one value or none. */
export function layOut(axis: AxisSpec, extent: Extent): Scale {
  return axis.scale === 'log' ? logarithmic(axis, extent) : linear(axis, extent);
}

function linear(axis: AxisSpec, { values, range, tickCount }: Extent): Scale {
  const [low, high] = bounds([...values, ...(axis.include ?? [])]) ?? [0, 1];
  const scale = scaleLinear([low, high > low ? high : low + 1], range).clamp(true);
  if (axis.ticks === undefined && axis.tight !== true) scale.nice(tickCount);
  return { ticks: axis.ticks ?? scale.ticks(tickCount), place: scale };
}

function logarithmic(axis: AxisSpec, { values, range, tickCount }: Extent): Scale {
  const all = [...values, ...(axis.include ?? [])];
  const [least, most] = bounds(all.filter((value) => value > 0)) ?? [1, 10];
  const low = all.some((value) => value <= 0) ? least / BELOW : least;
  const scale = scaleLog([low, most > low ? most : low * 10], range).clamp(true);
  if (axis.ticks === undefined && axis.tight !== true) scale.nice();
  const place = (value: number) => scale(value > 0 ? value : low);
  return { ticks: axis.ticks ?? sparse(scale.ticks(tickCount), tickCount), place };
}

/** Powers of ten, with 2 and 5 between them where there is room. */
function sparse(ticks: readonly number[], count: number): readonly number[] {
  const leading = (value: number) => Number(value.toExponential()[0]);
  for (const digits of [[1, 2, 5], [1, 3], [1]]) {
    const kept = ticks.filter((tick) => digits.includes(leading(tick)));
    if (kept.length <= count + 2 && kept.length > 1) return kept;
  }
  const powers = ticks.filter((tick) => leading(tick) === 1);
  const step = Math.ceil(powers.length / count);
  return powers.length > 1 ? powers.filter((_, i) => i % step === 0) : ticks.slice(0, count);
}

function bounds(values: readonly number[]): readonly [number, number] | undefined {
  if (values.length === 0) return undefined;
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as readonly [number, number]);
}
