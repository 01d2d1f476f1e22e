import { keyMatches } from './key-glob.ts';

/** How the readings under one key are shaped and thinned out before they are gossiped. Absent means "don't". */
export interface MetricOptions {
  /** Replaces the source's unit. */
  readonly unit?: string;
  /** The value becomes `value * scale + offset`. Not 0; default 1. */
  readonly scale?: number;
  /** In the unit after scaling; default 0. */
  readonly offset?: number;
  /** Digits kept after the point, 0 to 9: more than the sensor is worth costs bytes and defeats the deadband. */
  readonly decimals?: number;
  /**
   * Smallest change, in the unit after calibration, that is worth gossiping. Choose it near the sensor's noise: larger
   * saves radio time, smaller follows faster. Default 0: every change.
   */
  readonly deadband?: number;
  /** Least milliseconds between two publications; a change in between waits, and the newest value wins. */
  readonly minIntervalMs?: number;
  /** After so many milliseconds an unchanged value is published again with the next sample, so that its age stays low. */
  readonly maxIntervalMs?: number;
  /** Plausible range after calibration. Outside it a sample is dropped, and the last good value published as `bad`. */
  readonly min?: number;
  readonly max?: number;
  /** Without a sample for so many milliseconds the last value is published once more, with quality `stale`. */
  readonly staleAfterMs?: number;
  /**
   * A number that hasn't moved by a digit for so many milliseconds, while samples kept coming, is stuck: it is published with
   * quality `stale` and the time of its last change. Only for what is noisy by nature; absent: nothing is ever stuck.
   */
  readonly stuckAfterMs?: number;
}

/** Options for all keys that match a glob (`battery/*`, `**`). */
export interface MetricRule extends MetricOptions {
  readonly key: string;
}

/** The options of `key`: every rule that matches, in order; what a later one sets wins over the earlier. */
export function metricOptionsFor(rules: readonly MetricRule[], key: string): MetricOptions {
  const merged: MetricRule = Object.assign({ key }, ...matchingRules(rules, key).map(definedOnly));
  const { key: _glob, ...options } = merged;
  return options;
}

function matchingRules(rules: readonly MetricRule[], key: string): readonly MetricRule[] {
  return rules.filter((rule) => keyMatches(rule.key, key));
}

function definedOnly(rule: MetricRule): Partial<MetricRule> {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
}
