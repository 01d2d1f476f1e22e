import * as v from 'valibot';
import { formatDuration, parseDuration } from '#runtime/core/durations.ts';
import {
  BYTES_PER_OWNER_MAX,
  OWNERS_MAX,
  RECORDS_PER_OWNER_MAX,
  RESERVED_BYTES,
  RESERVED_RECORDS,
} from '#runtime/core/limits.ts';
import type { EngineSettings } from '#runtime/engine/settings.ts';

/** Bounds of one setting. `duration`: milliseconds, which may be written `500ms` or `2s`. `ratio`: any number between. */
interface SettingBounds {
  readonly min: number;
  readonly max: number;
  readonly kind: 'duration' | 'count' | 'ratio';
}

const duration = (min: number, max: number): SettingBounds => ({ min, max, kind: 'duration' });
const count = (min: number, max: number): SettingBounds => ({ min, max, kind: 'count' });
const ratio = (min: number, max: number): SettingBounds => ({ min, max, kind: 'ratio' });

/** What each setting may be; what it means and trades stands at `EngineSettings`. */
export const SETTING_BOUNDS: Readonly<Record<keyof EngineSettings, SettingBounds>> = {
  probeIntervalMs: duration(200, 60_000),
  probeTimeoutMinMs: duration(10, 10_000),
  probeTimeoutMaxMs: duration(50, 60_000),
  probeHelpers: count(0, 8),
  phiProbe: ratio(0, 16),
  suspicionMultiplier: ratio(0.5, 20),
  suspicionMaxFactor: ratio(1, 20),
  suspicionConfirmations: count(0, 16),
  localHealthMax: count(1, 32),
  batchIntervalMs: duration(0, 1_000),
  fanOut: count(1, 32),
  retransmitMultiplier: count(1, 16),
  digestIntervalMs: duration(200, 600_000),
  digestQuietMs: duration(0, 60_000),
  presenceIntervalMs: duration(200, 600_000),
  presencesPerSecondMax: count(1, 1_000),
  retryIntervalMs: duration(500, 3_600_000),
  // A daemon is gone within 5 s of SIGTERM, whatever this says.
  leaveTimeoutMs: duration(0, 4_000),
  tombstoneGraceMs: duration(10_000, 7 * 86_400_000),
  verdictBytesPerSecond: count(1_000, 1_000_000_000),
  membershipBytesPerSecond: count(1_000, 1_000_000_000),
  urgentBytesPerSecond: count(1_000, 1_000_000_000),
  dataBytesPerSecond: count(1_000, 1_000_000_000),
  syncBytesPerSecond: count(1_000, 1_000_000_000),
  recordsPerOwnerMax: count(RESERVED_RECORDS + 1, RECORDS_PER_OWNER_MAX),
  bytesPerOwnerMax: count(RESERVED_BYTES + 1_024, BYTES_PER_OWNER_MAX),
  ownersMax: count(2, OWNERS_MAX),
  tableBytesMax: count(65_536, 1_073_741_824),
};

const entries = Object.fromEntries(
  Object.entries(SETTING_BOUNDS).map(([key, bounds]) => [key, v.optional(settingSchema(bounds))]),
) as Record<keyof EngineSettings, v.OptionalSchema<ReturnType<typeof settingSchema>, undefined>>;

/** The `settings` section: single settings of the engine, over those of the preset. */
export const settingsSchema = v.pipe(
  v.strictObject(entries, 'a section with keys'),
  v.forward(
    v.check(
      (settings) =>
        settings.probeTimeoutMinMs === undefined ||
        settings.probeTimeoutMaxMs === undefined ||
        settings.probeTimeoutMinMs <= settings.probeTimeoutMaxMs,
      'at least settings.probeTimeoutMinMs',
    ),
    ['probeTimeoutMaxMs'],
  ),
);

function settingSchema(bounds: SettingBounds) {
  const expected = describe(bounds);
  return v.pipe(
    v.union([v.string(), v.number()], expected),
    v.transform((value) => (typeof value === 'number' ? value : numberOf(value, bounds))),
    v.check((value) => value >= bounds.min && value <= bounds.max, expected),
    v.check((value) => bounds.kind === 'ratio' || Number.isInteger(value), expected),
  );
}

function numberOf(text: string, bounds: SettingBounds): number {
  const ms = bounds.kind === 'duration' ? parseDuration(text) : undefined;
  return ms ?? (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN);
}

function describe({ kind, min, max }: SettingBounds): string {
  if (kind === 'duration') {
    return `${min} to ${max} milliseconds, or a duration from ${formatDuration(min)} to ${formatDuration(max)}`;
  }
  return `${kind === 'count' ? 'a whole number' : 'a number'} from ${min} to ${max}`;
}
