import { fromHex, isNodeId, type NodeId, toHex } from '../../core/ids.ts';
import { VOTERS_MAX } from '../../core/limits.ts';
import type { AppValue } from '../../core/value.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { encodeValue } from '../../wire/cbor.ts';
import { asUint } from '../../wire/schema.ts';

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

/** A roster, and what it is called in messages: two that differ in anything have different names. */
export interface NamedRoster extends Roster {
  readonly mark: string;
}

const MARK_BYTES = 8;
const VERSION_MAX = 2 ** 32 - 1;
const encoder = new TextEncoder();
const LABEL = encoder.encode('gridvine/1 lease roster');

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

/** The roster in its one order, with its name [P-17.2]. @throws RangeError where `problemOfRoster` finds something. */
export function nameRoster({ sha256 }: Pick<CryptoProvider, 'sha256'>, roster: Roster): NamedRoster {
  const problem = problemOfRoster(roster);
  if (problem !== undefined) throw new RangeError(problem);
  const { version } = roster;
  const sorted = { version, voters: [...roster.voters].sort(), previous: [...roster.previous].sort() };
  const content = encodeValue(rosterToValue(sorted));
  const bytes = new Uint8Array(LABEL.length + content.length);
  bytes.set(LABEL);
  bytes.set(content, LABEL.length);
  return { ...sorted, mark: toHex(sha256(bytes).subarray(0, MARK_BYTES)) };
}

/** `roster = [ version, [ + voter ], [ * previous ] ]`. */
export function rosterToValue({ version, voters, previous }: Roster): AppValue {
  return [version, voters.map(fromHex), previous.map(fromHex)];
}

/** @returns undefined where the value is no roster. */
export function rosterFromValue(value: unknown): Roster | undefined {
  if (!Array.isArray(value)) return undefined;
  const version = asUint(value[0]);
  const [voters, previous] = [idsOf(value[1]), idsOf(value[2])];
  if (version === undefined || voters === undefined || previous === undefined) return undefined;
  const roster = { version, voters, previous };
  return problemOfRoster(roster) === undefined ? roster : undefined;
}

function idsOf(value: unknown): NodeId[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ids = value.map((item) => (item instanceof Uint8Array ? toHex(item) : ''));
  return ids.every(isNodeId) ? ids : undefined;
}

/** The sets of whose members a majority each is needed. */
export function setsOf({ voters, previous }: Roster): readonly (readonly NodeId[])[] {
  return previous.length === 0 ? [voters] : [voters, previous];
}

/** All who are asked, each once. */
export function votersOf({ voters, previous }: Roster): readonly NodeId[] {
  return [...new Set([...voters, ...previous])];
}

/** More than half. */
export function majorityOf(set: readonly NodeId[]): number {
  return Math.floor(set.length / 2) + 1;
}

/** Whether two sets of voters in ascending order are the same. */
export function isSameSet(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
