import type { World } from './world.ts';

/** How a requirement came out at one peer. */
export type Verdict = 'holds' | 'fails' | 'not observable';

/** A verdict with what was seen, for people. */
export interface Finding {
  readonly verdict: Verdict;
  readonly seen: string;
}

/** One observable sentence of the specification and how it is tried. */
export interface Requirement {
  /** Number in the specification, without brackets: `P-6.1`. */
  readonly id: string;
  readonly sentence: string;
  /** Tries it on the peer. Its own faults (no answer at all) are findings too: it rejects only for bugs of ours. */
  check(world: World): Promise<Finding>;
}

export function holds(seen: string): Finding {
  return { verdict: 'holds', seen };
}

export function fails(seen: string): Finding {
  return { verdict: 'fails', seen };
}

export function notObservable(seen: string): Finding {
  return { verdict: 'not observable', seen };
}

/** `holds` where the condition is true, `fails` where it isn't; `seen` either way. */
export function judge(condition: boolean, seen: string): Finding {
  return condition ? holds(seen) : fails(seen);
}
