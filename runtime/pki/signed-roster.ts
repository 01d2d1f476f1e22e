import { problemOfRoster, type Roster } from '../core/roster.ts';
import { problemOfClusterName } from '../crypto/cluster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { rosterFromValue, rosterToValue } from '../wire/roster-codec.ts';
import { asUint } from '../wire/schema.ts';
import {
  decodePayload,
  decodeSign1,
  malformed,
  type SignedObject,
  type Signer,
  sign1,
} from './cose-sign1.ts';
import { type Judged, refuse } from './refusal.ts';
import type { TrustAnchors } from './trust-anchors.ts';

export interface RosterClaims {
  readonly cluster: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly roster: Roster;
}

/** Who votes on leases, as a root has signed it [P-11.15]. */
export interface SignedRoster extends RosterClaims {
  /** The roster's version: the newest counts. */
  readonly number: number;
  readonly signed: SignedObject;
  readonly provenSeconds: number;
}

/** Signs a roster; only roots' count. @throws RangeError for what is out of range. */
export function signRoster(provider: CryptoProvider, root: Signer, claims: RosterClaims): Uint8Array {
  const problem = problemOfClaims(claims);
  if (problem !== undefined) throw new RangeError(problem);
  const { cluster, issuedAt, roster } = claims;
  const { version, voters, previous } = roster;
  const writer = new CborWriter();
  writer.array(3);
  writer.text(cluster);
  writer.uint(issuedAt);
  writer.value(rosterToValue({ version, voters: [...voters].sort(), previous: [...previous].sort() }));
  return sign1(provider, root, { kind: 'roster', payload: writer.finish() });
}

/** Decodes a roster and verifies that one of the roots signed it. Never throws. */
export function verifySignedRoster(roots: TrustAnchors, bytes: Uint8Array): Judged<SignedRoster> {
  const decoded = decodeSign1(bytes, 'roster');
  if ('refusal' in decoded) return decoded;
  const signed = decoded.value;
  const payload = decodePayload(signed);
  if ('refusal' in payload) return payload;
  const claims = readClaims(payload.value);
  if (claims === undefined) return malformed('roster', 'cluster, time, version and 1 to 7 voters');
  const refusal = roots.refusalOfSignature(signed);
  if (refusal !== undefined) return { refusal };
  if (claims.cluster !== roots.cluster)
    return refuse(
      'wrong-cluster',
      `roster: expected one for cluster ${JSON.stringify(roots.cluster)}; got ${JSON.stringify(claims.cluster)}`,
    );
  return { value: { ...claims, number: claims.roster.version, signed, provenSeconds: claims.issuedAt } };
}

function readClaims(raw: unknown): RosterClaims | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [cluster] = raw as unknown[];
  const issuedAt = asUint(raw[1]);
  const roster = rosterFromValue(raw[2]);
  if (typeof cluster !== 'string' || issuedAt === undefined || roster === undefined) return undefined;
  const claims = { cluster, issuedAt, roster };
  return problemOfClaims(claims) === undefined && isSorted(roster) ? claims : undefined;
}

function isSorted({ voters, previous }: Roster): boolean {
  return [voters, previous].every((ids) => ids.every((id, i) => i === 0 || (ids[i - 1] ?? '') < id));
}

function problemOfClaims({ cluster, issuedAt, roster }: RosterClaims): string | undefined {
  const problem = problemOfClusterName(cluster);
  if (problem !== undefined) return `cluster: ${problem}`;
  if (!(Number.isSafeInteger(issuedAt) && issuedAt >= 0)) return 'issued at: expected whole seconds from 0';
  return problemOfRoster(roster);
}
