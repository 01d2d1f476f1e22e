import { isNodeId, type NodeId } from './ids.ts';
import { VOTERS_MAX } from './limits.ts';

/**
 * Who votes on leases [P-17.1]. A plain object with a version, so that it may come from a configuration as well as signed by a root.
 */
export interface Roster {
  /** From 1; of two the higher counts. */
  readonly version: number;
  /** 1 to 7 nodes, none twice, in ascending order. */
  readonly voters: readonly NodeId[];
  /** The voters of the version before, whose majority is needed too; empty: none. */
  readonly previous: readonly NodeId[];
}

const VERSION_MAX = 2 ** 32 - 1;

/** What is wrong with a roster, with the place in it first; undefined: nothing. */
export function problemOfRoster({ version, voters, previous }: Roster): string | undefined {
  if (!(Number.isInteger(version) && version >= 1 && version <= VERSION_MAX))
    return `version: expected a whole number from 1 to ${VERSION_MAX}; got ${version}`;
  if (voters.length < 1) return 'voters: expected 1 to 7 node ids; got none';
  return problemOfVoters('voters', voters) ?? problemOfVoters('previous', previous);
}

function problemOfVoters(place: string, ids: readonly NodeId[]): string | undefined {
  if (ids.length > VOTERS_MAX) return `${place}: expected at most ${VOTERS_MAX} node ids; got ${ids.length}`;
  const wrong = ids.findIndex((id) => !isNodeId(id));
  if (wrong >= 0)
    return `${place}[${wrong}]: expected a node id of 32 hex digits, as gridvine status shows it; got ${JSON.stringify(ids[wrong])}`;
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  return twice < 0 ? undefined : `${place}[${twice}]: expected each node once; got ${ids[twice]} again`;
}
