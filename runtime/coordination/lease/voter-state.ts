import { fromHex, NODE_ID_BYTES, toHex } from '../../core/ids.ts';
import { BALLOT_MAX, LEASE_TTL_MS_MAX, LEASE_TTL_MS_MIN, PROMISES_MAX } from '../../core/limits.ts';
import type { Roster } from '../../core/roster.ts';
import { BOOT_MAX } from '../../core/version.ts';
import { decodeCbor, encodeValue } from '../../wire/cbor.ts';
import { rosterFromValue, rosterToValue } from '../../wire/roster-codec.ts';
import { asBytes, asUint } from '../../wire/schema.ts';
import { problemOfLeaseName } from './lease-name.ts';
import type { LeasePromise } from './promise.ts';

/** What a voter keeps on its medium. */
export interface VoterState {
  /** The highest roster that it follows; it refuses all lower ones for ever. */
  readonly roster: Roster | undefined;
  /** Whether the roster before can no longer be used by anybody, and nothing that was promised under it stands [P-17.12]. */
  readonly settled: boolean;
  /** Whether it knows what it promised: false after its storage was lost, until it has learnt [P-17.11]. */
  readonly intact: boolean;
  /** Ballots at or below it are spent, of whatever lease that isn't among the promises. */
  readonly floor: number;
  readonly promises: readonly LeasePromise[];
}

const FORMAT = 1;
const CLAIM_BYTES = 8;

/** Of a node that never promised anything. */
export const FRESH_VOTER: VoterState = {
  roster: undefined,
  settled: true,
  intact: true,
  floor: 0,
  promises: [],
};

/** Of a node that may have promised, and doesn't know what. */
export const LOST_VOTER: VoterState = { ...FRESH_VOTER, intact: false };

export function encodeVoterState({ roster, settled, intact, floor, promises }: VoterState): Uint8Array {
  return encodeValue([
    FORMAT,
    roster === undefined ? null : rosterToValue(roster),
    settled,
    intact,
    floor,
    promises.map(({ name, holder, boot, claim, ballot, fence, ttlMs, live }) => [
      name,
      fromHex(holder),
      boot,
      fromHex(claim),
      ballot,
      fence,
      ttlMs,
      live,
    ]),
  ]);
}

/** @returns undefined where these bytes are no such state. */
export function decodeVoterState(bytes: Uint8Array): VoterState | undefined {
  const decoded = decodeCbor(bytes);
  if (!('value' in decoded) || !Array.isArray(decoded.value)) return undefined;
  const [format, rawRoster, settled, intact, rawFloor, rawPromises] = decoded.value as unknown[];
  const roster = rawRoster === null ? undefined : rosterFromValue(rawRoster);
  const floor = asUint(rawFloor, BALLOT_MAX);
  if (format !== FORMAT || (roster === undefined && rawRoster !== null) || floor === undefined)
    return undefined;
  if (typeof settled !== 'boolean' || typeof intact !== 'boolean' || !Array.isArray(rawPromises))
    return undefined;
  const promises = rawPromises.map(promiseOf).filter((promise) => promise !== undefined);
  if (promises.length !== rawPromises.length || promises.length > PROMISES_MAX) return undefined;
  return { roster, settled, intact, floor, promises };
}

function promiseOf(raw: unknown): LeasePromise | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [name, rawHolder, rawBoot, rawClaim, rawBallot, rawFence, rawTtl, live] = raw as unknown[];
  const holder = asBytes(rawHolder, NODE_ID_BYTES);
  const claim = asBytes(rawClaim, CLAIM_BYTES);
  const [boot, ttlMs] = [asUint(rawBoot, BOOT_MAX), asUint(rawTtl, LEASE_TTL_MS_MAX)];
  const [ballot, fence] = [asUint(rawBallot, BALLOT_MAX), asUint(rawFence, BALLOT_MAX)];
  if (typeof name !== 'string' || problemOfLeaseName(name) !== undefined) return undefined;
  if (holder === undefined || claim === undefined || boot === undefined || boot < 1) return undefined;
  if (ttlMs === undefined || ttlMs < LEASE_TTL_MS_MIN || typeof live !== 'boolean') return undefined;
  if (ballot === undefined || fence === undefined) return undefined;
  return { name, holder: toHex(holder), boot, claim: toHex(claim), ballot, fence, ttlMs, live };
}
