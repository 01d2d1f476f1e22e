import * as v from 'valibot';
import {
  durationField,
  finiteField,
  integerField,
  numberField,
  section,
  textField,
  unitField,
} from './config-fields.ts';

/* What the sections of all kinds of sources share. */

const DAY_MS = 86_400_000;
/** Bounds of how often a source may be asked, ms. */
export const INTERVAL = { min: 100, max: DAY_MS };
const ANY_DURATION = { min: 0, max: 30 * DAY_MS };

/** A glob over keys: no empty segments, which could match nothing. */
export const KEY_GLOB = /^[^/\s]+(\/[^/\s]+)*$/;
/** A source's name, which may also be a segment of a key. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
export const NAME_PHRASE = 'a name of 1 to 32 letters, digits and . _ -, such as tank';

/** What can be said about the readings under a key, besides the key. */
export const metricEntries = {
  unit: v.optional(unitField()),
  scale: v.optional(v.pipe(finiteField('not 0'), v.notValue(0, 'a number (not 0)'))),
  offset: v.optional(finiteField('in the unit after scaling')),
  decimals: v.optional(integerField('digits after the point', { min: 0, max: 9 })),
  deadband: v.optional(numberField('in the unit after calibration', { min: 0, max: Number.MAX_VALUE })),
  minInterval: v.optional(durationField(ANY_DURATION)),
  maxInterval: v.optional(durationField(ANY_DURATION)),
  min: v.optional(finiteField('lowest plausible value')),
  max: v.optional(finiteField('highest plausible value')),
  staleAfter: v.optional(durationField({ min: 1000, max: 30 * DAY_MS })),
  stuckAfter: v.optional(durationField({ min: 1000, max: 30 * DAY_MS })),
};

const metricSchema = v.pipe(
  section(
    { key: textField('a key or a pattern such as battery/* or **', KEY_GLOB), ...metricEntries },
    { key: 'a key or a pattern such as battery/* or **' },
  ),
  v.forward(
    v.partialCheck([['min'], ['max']], ({ min, max }) => ordered(min, max), 'a number above min'),
    ['max'],
  ),
  v.forward(
    v.partialCheck(
      [['minInterval'], ['maxInterval']],
      (metric) => ordered(metric.minInterval, metric.maxInterval),
      'a duration not shorter than minInterval',
    ),
    ['maxInterval'],
  ),
);

/** Options that every kind of source has. */
export const common = {
  /** How readings are shaped and thinned out; added to the kind's own rules, and what comes later wins. */
  metrics: v.optional(v.array(metricSchema, 'a list of metrics'), []),
  /** Readings that may be gossiped in a second. */
  readingsPerSecond: v.optional(numberField('readings a second', { min: 0.1, max: 1000 }), 20),
};

/** How long a source may give nothing at all before it counts as silent. */
export const silentAfter = durationField({ min: 1000, max: 30 * DAY_MS });

function ordered(low: number | undefined, high: number | undefined): boolean {
  return low === undefined || high === undefined || low <= high;
}
