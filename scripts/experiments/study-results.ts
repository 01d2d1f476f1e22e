import { combineResults } from '#runtime/simulator/combine.ts';
import type { ScenarioResults } from '#runtime/simulator/run.ts';
import type { CellResult } from './measure.ts';
import type { Setup } from './setup.ts';
import { type CellStore, keyOf } from './store.ts';

/** What the study found, setup by setup. */
export class StudyResults {
  readonly #store: CellStore;
  readonly #quick: boolean;

  constructor(store: CellStore, options: { readonly quick: boolean }) {
    this.#store = store;
    this.#quick = options.quick;
  }

  /** Medians over the runs of this setup; of false verdicts and lost updates the worst. undefined: it wasn't run. */
  of(setup: Setup): CellResult | undefined {
    const runs = this.#store.of(keyOf({ setup, quick: this.#quick }));
    if (runs.length === 0) return undefined;
    const results = runs.map(({ result }) => result as unknown as ScenarioResults);
    return combineResults(results) as unknown as CellResult;
  }

  /** How many runs of this setup there are. */
  runsOf(setup: Setup): number {
    return this.#store.of(keyOf({ setup, quick: this.#quick })).length;
  }
}
