import { isSea } from 'node:sea';
import type { SourceContext } from '#bridge/create-source.ts';
import type { BoardProfile } from '#profiles/profile.ts';

/** What a profile knows that sources can use. */
export function sensorsOf({ sensors }: BoardProfile): NonNullable<SourceContext['board']> {
  const { thermalZones, throttlePath } = sensors;
  return {
    ...(thermalZones.length === 0 ? {} : { temperatureZones: thermalZones }),
    ...(throttlePath === null ? {} : { throttlePath }),
  };
}

/** This program again, with its hidden sub-command; run from source, its main file is the first argument. */
export function inventoryCommand(): readonly string[] {
  const script = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''];
  return [process.execPath, ...script, 'internal-inventory'];
}
