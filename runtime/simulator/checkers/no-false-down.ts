import type { Observation } from '../observation.ts';
import { VerdictJudge } from '../verdicts.ts';
import type { Checker } from './checker.ts';

/** No node calls a member `down` that ran unstalled and could be reached by most during the whole suspicion. */
export class NoFalseDown implements Checker {
  readonly name = 'no-false-down';
  readonly #judge = new VerdictJudge();

  observe(observation: Observation): string | undefined {
    const verdict = this.#judge.judge(observation);
    if (verdict?.kind !== 'false') return undefined;
    const sinceMs = Math.round(observation.atMs - verdict.suspectedAtMs);
    return `${verdict.by} says down of ${verdict.about}, which ran and could be reached; suspected for ${sinceMs} ms`;
  }
}
