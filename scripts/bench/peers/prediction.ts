import { join } from 'node:path';
import { runProcess } from './process.ts';

/** Scenarios that are played for a comparison; `silent` and `closed` are crashes of the two kinds. */
export const PREDICTED = ['join', 'update', 'closed', 'silent', 'idle'] as const;
export type PredictedScenario = (typeof PREDICTED)[number];

/** What one simulation is to play. */
export interface PredictionPlan {
  readonly scenario: PredictedScenario;
  readonly nodes: number;
  readonly seed: number;
  /** One-way delay of a link, in milliseconds. */
  readonly linkDelayMs: number;
  readonly updates: number;
  readonly crashes: number;
  readonly idleS: number;
}

export const PREDICTED_FIGURES = [
  'joinMs',
  'updateP50Ms',
  'updateP99Ms',
  'updateMaxMs',
  'closedMs',
  'silentMs',
  'idleDatagramBytes',
  'idleDatagrams',
] as const;
export type PredictedFigure = (typeof PREDICTED_FIGURES)[number];

/** Samples of what came of simulations. null: it never came to pass. */
export type Predicted = Readonly<Partial<Record<PredictedFigure, readonly (number | null)[]>>>;

/** Longest time that one simulation may take. */
const LIMIT_MS = 600_000;

/**
 * Plays all scenarios with some seeds, `parallel` at a time, each in a process of its own.
 * @returns all samples of all seeds.
 */
export async function predict(
  plans: readonly PredictionPlan[],
  { parallel, signal }: { readonly parallel: number; readonly signal: AbortSignal },
): Promise<Predicted> {
  const waiting = [...plans];
  const results: Predicted[] = [];
  const play = async () => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const text = await runProcess({
        command: process.execPath,
        args: [join(import.meta.dirname, 'simulated.ts'), JSON.stringify(plan)],
        env: process.env,
        limitMs: LIMIT_MS,
        signal,
      });
      results.push(JSON.parse(text));
    }
  };
  await Promise.all(Array.from({ length: parallel }, play));
  return mergePredicted(results);
}

/** All scenarios and seeds of one size, the longest first. A cluster of one has no crashes that anybody could see. */
export function predictionPlans(
  size: Omit<PredictionPlan, 'scenario' | 'seed'>,
  seeds: number,
): PredictionPlan[] {
  const seen = size.nodes >= 2 && size.crashes > 0;
  const scenarios = PREDICTED.filter((scenario) => seen || (scenario !== 'closed' && scenario !== 'silent'));
  return scenarios
    .toReversed()
    .flatMap((scenario) => Array.from({ length: seeds }, (_, i) => ({ ...size, scenario, seed: i + 1 })));
}

/** The samples of all runs; what none has is left out. */
export function mergePredicted(results: readonly Predicted[]): Predicted {
  const merged: Partial<Record<PredictedFigure, readonly (number | null)[]>> = {};
  for (const name of PREDICTED_FIGURES) {
    const samples = results.flatMap((result) => result[name] ?? []);
    if (samples.length > 0) merged[name] = samples;
  }
  return merged;
}
