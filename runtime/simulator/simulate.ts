import type { Violation } from './checkers/checker.ts';
import { NODES_MAX, type SimulationOptions } from './options.ts';
import { Run, type ScenarioResults } from './run.ts';
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
}

/**
 * Plays one scenario. Pure: the same options and parts give the same result.
 * @throws RangeError for a scenario that doesn't exist or a number of nodes that it can't have.
 */
export function simulate(options: SimulationOptions, parts: WorldParts): SimulationResult {
  const scenario = findScenario(options.scenario);
  if (scenario === undefined) throw new RangeError(`no scenario is named ${options.scenario}`);
  if (!(options.nodes >= scenario.nodesMin && options.nodes <= NODES_MAX)) {
    throw new RangeError(
      `nodes: expected ${scenario.nodesMin} to ${NODES_MAX} for ${scenario.name}; got ${options.nodes}`,
    );
  }
  const world = new World(options, parts);
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
  };
}

/** Results to a tenth: more digits say nothing. */
function roundNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 10) / 10;
  if (Array.isArray(value)) return value.map(roundNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, roundNumbers(part)]));
}
