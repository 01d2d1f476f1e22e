import type { FuzzTarget } from './contract.ts';
import type { TargetPlan } from './pool.ts';

/** How much a run does: so many executions, or so many seconds of wall time. */
export type RunShare = { readonly executions: number } | { readonly seconds: number };

export type RunOptions = RunShare & {
  readonly seed: number;
  readonly jobs: number;
  readonly guided: boolean;
  readonly distil: boolean;
  readonly kept: (target: string) => readonly string[];
};

const REGISTRY = new URL('./targets/registry.ts', import.meta.url).href;

/**
 * Divides a run among targets: executions by their weights, so that each takes about as long; seconds evenly. The dearest come
 * first, so that no thread is left with one of them at the end.
 */
export function planRun(targets: readonly FuzzTarget[], options: RunOptions): TargetPlan[] {
  const { seed, guided, distil, jobs } = options;
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  return [...targets]
    .sort((a, b) => a.weight - b.weight)
    .map(({ name, weight }) => ({
      target: name,
      targets: REGISTRY,
      seed,
      guided,
      distil,
      kept: options.kept(name),
      ...('executions' in options
        ? {
            executions: Math.ceil((options.executions * weight) / weights),
            durationMs: Number.POSITIVE_INFINITY,
          }
        : {
            executions: Number.POSITIVE_INFINITY,
            durationMs: (1_000 * options.seconds * Math.min(jobs, targets.length)) / targets.length,
          }),
    }));
}
