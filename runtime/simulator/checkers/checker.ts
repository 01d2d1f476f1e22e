import type { Observation } from '../observation.ts';

/** Something that must never happen, and did. */
export interface Violation {
  /** The checker's name. */
  readonly checker: string;
  /** When, in the simulation's time. */
  readonly atMs: number;
  readonly text: string;
}

/** One invariant, watched through observations only: it can be tested with made-up ones. */
export interface Checker {
  /** kebab-case. */
  readonly name: string;
  /** Looks at one observation. @returns what is wrong, for people; undefined where nothing is. */
  observe(observation: Observation): string | undefined;
}
