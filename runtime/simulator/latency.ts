import type { RandomSource } from '../core/random.ts';

/** Shapes of one-way delay; each is centred on `delayMs` and spread by `jitterMs`. */
export const LATENCY_SHAPES = ['uniform', 'normal', 'pareto'] as const;
export type LatencyShape = (typeof LATENCY_SHAPES)[number];

/**
 * One-way delay of a link. `uniform`: delay +- jitter. `normal`: mean delay, standard deviation jitter. `pareto`: at least
 * the delay, plus a tail of scale jitter (1 in 100 waits more than nine jitters, none more than a hundred), as radio links show.
 */
export interface Latency {
  readonly shape: LatencyShape;
  /** 0-60000. */
  readonly delayMs: number;
  /** 0-60000. */
  readonly jitterMs: number;
}

/** Index of the Pareto tail: P(extra > x * jitter) = (1 + x)^-2. */
const TAIL_INDEX = 2;
/** Nothing arrives later than this many times the jitter. */
const TAIL_JITTERS_MAX = 100;

const SHAPES: Readonly<Record<LatencyShape, (latency: Latency, random: RandomSource) => number>> = {
  uniform: ({ delayMs, jitterMs }, random) => delayMs + jitterMs * (2 * random.next() - 1),
  normal: ({ delayMs, jitterMs }, random) => delayMs + jitterMs * gaussian(random),
  pareto: ({ delayMs, jitterMs }, random) =>
    delayMs + jitterMs * Math.min(TAIL_JITTERS_MAX, (1 - random.next()) ** (-1 / TAIL_INDEX) - 1),
};

/** Draws one delay in milliseconds, never negative. */
export function drawDelayMs(latency: Latency, random: RandomSource): number {
  return Math.max(0, SHAPES[latency.shape](latency, random));
}

/** Box-Muller; `1 - next()` keeps the logarithm finite. */
function gaussian(random: RandomSource): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
