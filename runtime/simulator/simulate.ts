import type { Violation } from './checkers/checker.ts';
import { NODES_MAX, type SimulationOptions } from './options.ts';
import { Run, type ScenarioResults } from './run.ts';
import { Sampler, type Series } from './sampler.ts';
import { findScenario } from './scenarios/registry.ts';
import { World, type WorldParts } from './world.ts';

/** What came of one run. */
export interface SimulationResult {
  readonly seed: number;
  /** Virtual time that passed. */
  readonly virtualMs: number;
  /** Datagrams that arrived. */
  readonly deliveries: number;
  /** Equal for equal runs: a hash over every datagram and event, and how many there were. */
  readonly trace: { readonly hash: string; readonly entries: number };
  readonly results: ScenarioResults;
  /** Invariants that were broken: the first hundred, and how many in all. */
  readonly violations: readonly Violation[];
  readonly violationCount: number;
  /** Whole distributions of what the scenario measured, by result: quantiles in steps of a hundredth. */
  readonly distributions: Readonly<Record<string, readonly number[]>>;
  /** The run over time, where it was asked for. */
  readonly series?: Series;
}

/** What is told of a run besides its results. */
export interface SimulationExtras {
  /** The run over time, for plots. Looking doesn't change the run, but takes time. */
  readonly series?: boolean;
}

/**
 * Plays one scenario. Pure: the same options and parts give the same result.
 * @throws RangeError for a scenario that doesn't exist or a number of nodes that it can't have.
 */
export function simulate(
  options: SimulationOptions,
  parts: WorldParts,
  extras: SimulationExtras = {},
): SimulationResult {
  const scenario = findScenario(options.scenario);
  if (scenario === undefined) throw new RangeError(`no scenario is named ${options.scenario}`);
  if (!(options.nodes >= scenario.nodesMin && options.nodes <= NODES_MAX)) {
    throw new RangeError(
      `nodes: expected ${scenario.nodesMin} to ${NODES_MAX} for ${scenario.name}; got ${options.nodes}`,
    );
  }
  const world = new World({ ...options, ...(scenario.certificates && { certificates: true }) }, parts);
  const sampler = extras.series === true ? new Sampler(world) : undefined;
  const run = new Run(world, options);
  const results = scenario.play(run);
  return {
    seed: options.seed,
    virtualMs: Math.round(world.nowMs),
    deliveries: world.network.carried,
    trace: { hash: world.trace.hash, entries: world.trace.entries },
    results: roundNumbers(results) as ScenarioResults,
    violations: run.checkers.violations,
    violationCount: run.checkers.count,
    distributions: run.distributions,
    ...(sampler === undefined ? {} : { series: sampler.finish() }),
  };
}

/** Results to a tenth: more digits say nothing. */
function roundNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 10) / 10;
  if (Array.isArray(value)) return value.map(roundNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, roundNumbers(part)]));
}
