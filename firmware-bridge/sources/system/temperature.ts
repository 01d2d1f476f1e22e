import type { FilePort } from '../../ports/file-port.ts';
import { parseMilliCelsius } from './proc.ts';
import { readParsed, type Sensor, type SensorResult } from './sample.ts';

const KEY = 'system/temperature';

/** Types of thermal zones that mean "the processor", best first. A board profile may name others. */
export const CPU_ZONE_TYPES: readonly string[] = [
  'cpu-thermal',
  'cpu_thermal',
  'x86_pkg_temp',
  'soc-thermal',
];

/** Names of hwmon drivers for processors, where there is no thermal zone. */
const CPU_HWMON_NAMES: readonly string[] = ['cpu_thermal', 'coretemp', 'k10temp', 'zenpower', 'soc_thermal'];

const THERMAL_DIR = '/sys/class/thermal';
const HWMON_DIR = '/sys/class/hwmon';

/**
 * The processor's temperature. The sensor is found by its type or driver name, never by its number, which changes from
 * boot to boot; it is searched for again whenever its file has gone.
 */
export function temperatureSensor(zoneTypes: readonly string[] = CPU_ZONE_TYPES): Sensor {
  let path: string | undefined;
  const looked = `thermal zones ${zoneTypes.join(', ')} and hwmon ${CPU_HWMON_NAMES.join(', ')}`;
  return {
    key: KEY,
    async read(files): Promise<SensorResult> {
      path ??= (await findByName(files, zoneSearch(zoneTypes))) ?? (await findByName(files, HWMON_SEARCH));
      if (path === undefined) return { kind: 'absent', looked };
      const result = await readParsed(files, path, {
        key: KEY,
        parse: parseMilliCelsius,
        samples: (value) => [{ key: KEY, unit: '°C', value }],
      });
      if (result.kind === 'absent') path = undefined;
      return result;
    },
  };
}

interface NamedSearch {
  readonly dir: string;
  readonly entry: RegExp;
  /** The file in an entry that holds its name, and the one that holds its value. */
  readonly nameFile: string;
  readonly valueFile: string;
  /** Wanted names, best first. */
  readonly names: readonly string[];
}

const HWMON_SEARCH: NamedSearch = {
  dir: HWMON_DIR,
  entry: /^hwmon\d+$/,
  nameFile: 'name',
  valueFile: 'temp1_input',
  names: CPU_HWMON_NAMES,
};

function zoneSearch(names: readonly string[]): NamedSearch {
  return { dir: THERMAL_DIR, entry: /^thermal_zone\d+$/, nameFile: 'type', valueFile: 'temp', names };
}

/** The value file of the entry with the best name whose value can be read as a number. */
async function findByName(files: FilePort, search: NamedSearch): Promise<string | undefined> {
  const entries = await files.list(search.dir);
  if (!entries.ok) return undefined;
  const found = new Map<string, string[]>();
  for (const entry of entries.value.filter((name) => search.entry.test(name))) {
    const name = await files.readText(`${search.dir}/${entry}/${search.nameFile}`);
    if (!name.ok) continue;
    const type = name.value.trim();
    found.set(type, [...(found.get(type) ?? []), `${search.dir}/${entry}/${search.valueFile}`]);
  }
  for (const path of search.names.flatMap((name) => found.get(name) ?? [])) {
    const value = await files.readText(path);
    if (value.ok && parseMilliCelsius(value.value) !== undefined) return path;
  }
  return undefined;
}
