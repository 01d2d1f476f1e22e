import type { SimulationOptions } from '#runtime/simulator/options.ts';
import { type SimulationExtras, type SimulationResult, simulate } from '#runtime/simulator/simulate.ts';
import { simulationParts } from './parts.ts';

/** One run, as it is handed to a worker thread. */
export interface SeedTask {
  readonly options: SimulationOptions;
  readonly extras: SimulationExtras;
  /** Sealing modelled. */
  readonly fast: boolean;
}

/** Does it, in whatever thread this is. @throws as `simulate`, and whatever a broken engine throws. */
export function playSeed({ options, extras, fast }: SeedTask): SimulationResult {
  return simulate(options, simulationParts({ fast }), extras);
}
