import { CBOR_CHECKS } from './cbor-checks.ts';
import { HEADER_CHECKS } from './header-checks.ts';
import { JOINING_CHECKS } from './joining-checks.ts';
import { LINE_CHECKS } from './line-checks.ts';
import { MEMBERSHIP_CHECKS } from './membership-checks.ts';
import { PROBING_CHECKS } from './probing-checks.ts';
import { RECORD_CHECKS } from './record-checks.ts';
import type { Finding, Requirement } from './requirement.ts';
import type { VisitorOptions } from './visitor.ts';
import { World } from './world.ts';

/** All requirements that can be tried from outside, in the order in which they are tried. */
export const REQUIREMENTS: readonly Requirement[] = [
  ...HEADER_CHECKS,
  ...CBOR_CHECKS,
  ...PROBING_CHECKS,
  ...JOINING_CHECKS,
  ...RECORD_CHECKS,
  ...LINE_CHECKS,
  ...MEMBERSHIP_CHECKS,
];

/** A datagram lost or overtaken on the way looks like a fault of the peer; a fault is there every time. */
const TRIES = 3;

/** What came of one requirement. */
export interface Outcome extends Finding {
  readonly id: string;
  readonly sentence: string;
}

/**
 * Drives a live peer through the requirements as two temporary members of its cluster, and takes their traces away at the end.
 * @param options.only requirement numbers to try; all if absent. @param options.onOutcome called as each is known.
 * @returns undefined where the peer doesn't answer a join: wrong address, cluster or key.
 */
export async function runConformance(
  options: Omit<VisitorOptions, 'name'> & {
    readonly requirements?: readonly Requirement[];
    readonly onOutcome?: (outcome: Outcome) => void;
  },
): Promise<Outcome[] | undefined> {
  const world = await World.open({ ...options, name: 'conformance' });
  if (world === undefined) return undefined;
  const outcomes: Outcome[] = [];
  try {
    for (const { id, sentence, check } of options.requirements ?? REQUIREMENTS) {
      let finding = await check(world);
      for (let i = 1; i < TRIES && finding.verdict === 'fails'; i++) finding = await check(world);
      const outcome = { id, sentence, ...finding };
      outcomes.push(outcome);
      options.onOutcome?.(outcome);
    }
    for (const visitor of world.members) await world.leave(visitor);
  } finally {
    world.close();
  }
  return outcomes;
}
