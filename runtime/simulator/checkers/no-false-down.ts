import type { Observation } from '../observation.ts';
import { VerdictJudge, type VerdictJudgeOptions } from '../verdicts.ts';
import type { Checker } from './checker.ts';

/**
 * No node calls a member `down` that ran, and that most could reach, during the whole suspicion. Short stalls and cuts are no
 * excuse; how short, and in which network this is promised at all, says `falseDownPromise`.
 */
export class NoFalseDown implements Checker {
  readonly name = 'no-false-down';
  readonly #judge: VerdictJudge;

  constructor(options: VerdictJudgeOptions) {
    this.#judge = new VerdictJudge(options);
  }

  observe(observation: Observation): string | undefined {
    const verdict = this.#judge.judge(observation);
    if (verdict?.kind !== 'false') return undefined;
    const sinceMs = Math.round(observation.atMs - verdict.suspectedAtMs);
    return `${verdict.by} says down of ${verdict.about}, which ran and could be reached; suspected for ${sinceMs} ms`;
  }
}
