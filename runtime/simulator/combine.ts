import type { ScenarioResults } from './run.ts';
import { median } from './statistics.ts';

/** Faults: of several runs the worst counts, not the middle one. */
const WORST: ReadonlySet<string> = new Set(['falseDowns', 'lost', 'stale']);

/**
 * The results of several runs as one: medians of numbers (null where most runs have none), true only where all are; of counted
 * faults the maximum. `runs` must not be empty and have the same shape.
 */
export function combineResults(runs: readonly ScenarioResults[]): ScenarioResults {
  const names = Object.keys(runs[0]);
  return Object.fromEntries(
    names.map((name) => [
      name,
      combine(
        name,
        runs.map((run) => run[name]),
      ),
    ]),
  );
}

function combine(name: string, values: readonly unknown[]): unknown {
  const first = values.find((value) => value !== null);
  if (typeof first === 'boolean') return values.every((value) => value === true);
  if (typeof first === 'object' && first !== null)
    return combineResults(values.map((value) => value as ScenarioResults));
  const numbers = values.filter((value) => typeof value === 'number');
  // A run that never got there is later than any that did.
  if (numbers.length * 2 <= values.length) return numbers.length === 0 ? (first ?? null) : null;
  return WORST.has(name) ? Math.max(...numbers) : medianWithMissing(numbers, values.length);
}

function medianWithMissing(numbers: readonly number[], count: number): number | null {
  const missing = new Array<number>(count - numbers.length).fill(Number.POSITIVE_INFINITY);
  const middle = median([...numbers, ...missing]);
  return Number.isFinite(middle) ? middle : null;
}
