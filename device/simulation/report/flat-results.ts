import type { ScenarioResults } from '#runtime/simulator/run.ts';

/** A run's results as one list: `allDownMs.p50` and so on, numbers and what isn't there. */
export function flatResults(results: ScenarioResults, prefix = ''): ReadonlyMap<string, number | null> {
  const flat = new Map<string, number | null>();
  for (const [name, value] of Object.entries(results)) {
    if (typeof value === 'number') flat.set(prefix + name, value);
    else if (typeof value === 'boolean') flat.set(prefix + name, Number(value));
    else if (value === null) flat.set(prefix + name, null);
    else if (typeof value === 'object')
      for (const [inner, number] of flatResults(value as ScenarioResults, `${prefix}${name}.`))
        flat.set(inner, number);
  }
  return flat;
}
