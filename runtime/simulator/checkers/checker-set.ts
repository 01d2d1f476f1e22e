import type { Observation } from '../observation.ts';
import type { VerdictJudgeOptions } from '../verdicts.ts';
import { Bounded } from './bounded.ts';
import type { Checker, Violation } from './checker.ts';
import { Converges } from './converges.ts';
import { EventsOnce } from './events-once.ts';
import { FenceGrows } from './fence-grows.ts';
import { IncarnationOrder } from './incarnation-order.ts';
import { NoExpired } from './no-expired.ts';
import { NoFalseDown } from './no-false-down.ts';
import { NoGap } from './no-gap.ts';
import { NoResurrection } from './no-resurrection.ts';
import { OneHolder } from './one-holder.ts';
import { OneValue } from './one-value.ts';
import { VersionsGrow } from './versions-grow.ts';

export interface CheckerSetOptions {
  /** What is promised of false verdicts; undefined: nothing, so they are no violations. */
  readonly falseDowns: VerdictJudgeOptions | undefined;
}

/** Every invariant; a new one is a row here. */
const CHECKERS: readonly ((options: CheckerSetOptions) => Checker | undefined)[] = [
  () => new NoResurrection(),
  () => new VersionsGrow(),
  () => new OneValue(),
  () => new IncarnationOrder(),
  ({ falseDowns }) => (falseDowns === undefined ? undefined : new NoFalseDown(falseDowns)),
  () => new NoGap(),
  () => new NoExpired(),
  () => new OneHolder(),
  () => new FenceGrows(),
  () => new EventsOnce(),
  () => new Bounded(),
  () => new Converges(),
];

/** Violations that are kept; a broken engine makes thousands. */
const VIOLATIONS_MAX = 100;

/** All checkers of one run. */
export class CheckerSet {
  readonly #checkers: readonly Checker[];
  readonly #violations: Violation[] = [];
  #count = 0;

  constructor(options: CheckerSetOptions) {
    this.#checkers = CHECKERS.map((make) => make(options)).filter((checker) => checker !== undefined);
  }

  /** The first hundred. */
  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** How many there were in all. */
  get count(): number {
    return this.#count;
  }

  readonly observe = (observation: Observation): void => {
    for (const checker of this.#checkers) {
      const text = checker.observe(observation);
      if (text === undefined) continue;
      this.#count++;
      if (this.#violations.length < VIOLATIONS_MAX)
        this.#violations.push({ checker: checker.name, atMs: observation.atMs, text });
    }
  };
}
