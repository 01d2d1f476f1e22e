import type { NodeId } from '../../core/ids.ts';
import { isSameSet, type NamedRoster, votersOf } from './roster.ts';

/** How a voter comes to a roster that it was given [P-17.10]. */
export type Adoption =
  /** It stays with what it follows: the given one is the same, or older. */
  | 'stays'
  /** Another roster of the same version: nobody can say which is meant. */
  | 'conflict'
  /** It follows at once. */
  | 'follows'
  /** It follows, and has to learn from others before it votes: it took no part in what came before. */
  | 'learns'
  /** It goes on with its present one until that is settled. */
  | 'waits';

/** What a voter follows so far. */
export interface Followed {
  readonly roster: NamedRoster | undefined;
  readonly settled: boolean;
}

/**
 * What becomes of a roster that a node is given. The safety of a change rests on two things: a voter never votes under a lower version
 * again, and one of the voters before vouches for what came before only if it took part in it and that is settled.
 */
export function adoptionOf(given: NamedRoster, { roster, settled }: Followed, self: NodeId): Adoption {
  const wasBefore = given.previous.includes(self);
  if (roster === undefined) {
    const isFirst = given.version === 1 && given.previous.length === 0;
    return isFirst || (given.previous.length > 0 && !wasBefore) ? 'follows' : 'learns';
  }
  if (given.version < roster.version) return 'stays';
  if (given.version === roster.version) return given.mark === roster.mark ? 'stays' : 'conflict';
  if (given.previous.length > 0 && !wasBefore) return 'follows';
  // Who has no vote before or after promises nothing that could be forgotten.
  if (!votersOf(roster).includes(self) && !votersOf(given).includes(self)) return 'follows';
  const before = given.previous.length === 0 ? given.voters : given.previous;
  if (!isSameSet(before, roster.voters)) return 'learns';
  return settled ? 'follows' : 'waits';
}
