import { type NodeId, toHex } from '../../core/ids.ts';
import { problemOfRoster, type Roster } from '../../core/roster.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { encodeValue } from '../../wire/cbor.ts';
import { rosterToValue } from '../../wire/roster-codec.ts';

/** A roster, and what it is called in messages: two that differ in anything have different names. */
export interface NamedRoster extends Roster {
  readonly mark: string;
}

const MARK_BYTES = 8;
const encoder = new TextEncoder();
const LABEL = encoder.encode('gridvine/1 lease roster');

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
