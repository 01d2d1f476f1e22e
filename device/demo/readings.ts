import type { RecordJson } from '../cli/documents.ts';
import { formatAge, formatValue } from '../cli/format.ts';
import type { ReadingCell, ReadingRow } from './snapshot.ts';

/** From this age on a reading of the demo, which comes at least once a minute, is late. */
const OLD_MS = 90_000;

interface Shown {
  readonly key: string;
  readonly label: string;
  readonly simulated: boolean;
}

/** The readings that the table shows, of the many that are there. */
export const SHOWN_READINGS: readonly Shown[] = [
  { key: 'system/cpu', label: 'CPU busy', simulated: false },
  { key: 'system/memory', label: 'memory used', simulated: false },
  { key: 'system/disk', label: 'disk used', simulated: false },
  { key: 'system/temperature', label: 'temperature', simulated: false },
  { key: 'sim/pv/irradiance', label: 'irradiance', simulated: true },
  { key: 'sim/pv/power', label: 'PV power', simulated: true },
  { key: 'sim/battery/soc', label: 'battery', simulated: true },
  { key: 'sim/load/power', label: 'load', simulated: true },
];

/** Rows for the readings that at least one daemon has; a machine without a temperature sensor has no such row. */
export function readingRows(records: readonly RecordJson[], names: readonly string[]): readonly ReadingRow[] {
  const byPlace = new Map(records.map((record) => [`${record.node} ${record.key}`, record]));
  return SHOWN_READINGS.map(({ key, label, simulated }) => ({
    label,
    simulated,
    cells: names.map((name) => cellOf(byPlace.get(`${name} ${key}`))),
  })).filter(({ cells }) => cells.some((cell) => cell !== null));
}

/** Of each source the reading that comes last: the share of busy CPU needs two looks at its counters. */
const COMPLETE: readonly string[] = ['system/cpu', 'sim/pv/power'];

/** Whether a daemon has given both its real readings and those of the simulated plant. */
export function hasReadings(records: readonly RecordJson[], name: string): boolean {
  const own = new Set(records.filter(({ node }) => node === name).map(({ key }) => key));
  return COMPLETE.every((key) => own.has(key));
}

function cellOf(record: RecordJson | undefined): ReadingCell | null {
  if (record === undefined) return null;
  return {
    text: formatValue(record),
    age: formatAge(record),
    quality: record.quality,
    doubtful: record.quality !== 'good' || record.ageMs > OLD_MS,
  };
}
