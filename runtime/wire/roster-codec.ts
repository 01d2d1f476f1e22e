import { fromHex, isNodeId, type NodeId, toHex } from '../core/ids.ts';
import { problemOfRoster, type Roster } from '../core/roster.ts';
import type { AppValue } from '../core/value.ts';
import { asUint } from './schema.ts';

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
