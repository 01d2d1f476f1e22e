import { combineResults } from '#runtime/simulator/combine.ts';
import type { SimulationOptions } from '#runtime/simulator/options.ts';
import type { SimulationResult } from '#runtime/simulator/simulate.ts';

/** `simulate --json` [contract: JSON shapes]. */
export interface SimulationDocument {
  readonly schema: 'gridvine.simulation/1';
  readonly nodes: number;
  readonly seed: number;
  readonly seeds: number;
  readonly scenario: string;
  readonly medium: string;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly deliveries: number;
  readonly violations: number;
  readonly results: Readonly<Record<string, unknown>>;
  /** Each run by itself. */
  readonly runs: readonly {
    readonly seed: number;
    readonly trace: string;
    readonly violations: number;
    readonly results: Readonly<Record<string, unknown>>;
  }[];
}

/** Several runs as one document. `runs` must not be empty. */
export function documentOf(
  options: SimulationOptions,
  runs: readonly SimulationResult[],
  wallMs: number,
): SimulationDocument {
  const sum = (pick: (run: SimulationResult) => number) => runs.reduce((total, run) => total + pick(run), 0);
  return {
    schema: 'gridvine.simulation/1',
    nodes: options.nodes,
    seed: options.seed,
    seeds: runs.length,
    scenario: options.scenario,
    medium: options.medium,
    virtualMs: sum((run) => run.virtualMs),
    wallMs,
    deliveries: sum((run) => run.deliveries),
    violations: sum((run) => run.violationCount),
    results: combineResults(runs.map((run) => run.results)),
    runs: runs.map((run) => ({
      seed: run.seed,
      trace: run.trace.hash,
      violations: run.violationCount,
      results: run.results,
    })),
  };
}
