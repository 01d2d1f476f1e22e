import type { Run, ScenarioResults } from '../run.ts';

/** A story that a cluster lives through, and what is measured of it. One file each; `registry.ts` lists them. */
export interface Scenario {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly nodesMin: number;
  /** It is about a cluster of certificates, whatever the options say. */
  readonly certificates?: true;
  /** Tells it; the results are named in the README. */
  play(run: Run): ScenarioResults;
}
