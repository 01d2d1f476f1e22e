import { problemOfClusterName } from '../crypto/cluster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { CborWriter } from '../wire/cbor-writer.ts';
import { problemOfKey } from '../wire/record-codec.ts';
import { asUint } from '../wire/schema.ts';
import {
  decodePayload,
  decodeSign1,
  malformed,
  type SignedObject,
  type Signer,
  sign1,
} from './cose-sign1.ts';
import { asGroups, canonicalGroups } from './group-names.ts';
import { type Judged, refuse } from './refusal.ts';
import type { TrustAnchors } from './trust-anchors.ts';

/** What a group may do beside writing: vote in leases, send commands, mint group keys. */
export const RIGHTS = ['command', 'mint', 'vote'] as const;
export type Right = (typeof RIGHTS)[number];

/** Who may: members of one of these groups; `'everybody'`: every member; an empty list: nobody. */
export type Grant = readonly string[] | 'everybody';

export interface PolicyClaims {
  readonly cluster: string;
  /** The newest counts; from 1. */
  readonly number: number;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Who may write application keys that begin so; the longest prefix that fits counts. */
  readonly writes: Readonly<Record<string, Grant>>;
  readonly rights: Readonly<Record<Right, Grant>>;
}

/** A policy that a root has signed. */
export interface Policy extends PolicyClaims {
  readonly signed: SignedObject;
  readonly provenSeconds: number;
}

/** The most prefixes in a policy. */
export const PREFIXES_MAX = 64;
const EVERYBODY = '*';

/** What holds until a root has signed another [P-11.10]. */
export const DEFAULT_POLICY: Pick<PolicyClaims, 'writes' | 'rights' | 'number'> = {
  number: 0,
  writes: { '': 'everybody', 'setpoint/': ['controller'] },
  rights: { command: ['controller'], mint: ['keymaster'], vote: ['controller'] },
};

/** Whether a member of these groups may write an application key. Reserved keys are the protocol's, and not its business. */
export function mayWrite(
  policy: Pick<PolicyClaims, 'writes'>,
  groups: readonly string[],
  key: string,
): boolean {
  const rule = longestRule(policy, key);
  return rule === undefined || isGranted(policy.writes[rule] ?? 'everybody', groups);
}

/**
 * Whether a member of these groups may write a key on which the whole fleet acts [P-11.16]: a rule that is there for everything else, or none,
 * opens no such key. Then those may that may send commands.
 */
export function mayGovern(
  policy: Pick<PolicyClaims, 'writes' | 'rights'>,
  groups: readonly string[],
  key: string,
): boolean {
  const rule = longestRule(policy, key);
  return rule === undefined || rule === ''
    ? hasRight(policy, groups, 'command')
    : isGranted(policy.writes[rule] ?? [], groups);
}

function longestRule({ writes }: Pick<PolicyClaims, 'writes'>, key: string): string | undefined {
  let longest: string | undefined;
  for (const prefix of Object.keys(writes))
    if (key.startsWith(prefix) && (longest === undefined || prefix.length > longest.length)) longest = prefix;
  return longest;
}

/** Whether a member of these groups has a right. */
export function hasRight(
  policy: Pick<PolicyClaims, 'rights'>,
  groups: readonly string[],
  right: Right,
): boolean {
  return isGranted(policy.rights[right], groups);
}

function isGranted(grant: Grant, groups: readonly string[]): boolean {
  return grant === 'everybody' || grant.some((group) => groups.includes(group));
}

/** Signs a policy; only roots' count. @throws RangeError for what is out of range. */
export function signPolicy(provider: CryptoProvider, root: Signer, claims: PolicyClaims): Uint8Array {
  const problem = problemOfPolicy(claims);
  if (problem !== undefined) throw new RangeError(problem);
  const writer = new CborWriter();
  writer.array(5);
  writer.text(claims.cluster);
  writer.uint(claims.issuedAt);
  writer.uint(claims.number);
  // Application values: the writer sorts the keys.
  writer.value(Object.fromEntries(Object.entries(claims.writes).map(([key, grant]) => [key, listOf(grant)])));
  writer.value(Object.fromEntries(RIGHTS.map((right) => [right, listOf(claims.rights[right])])));
  return sign1(provider, root, { kind: 'policy', payload: writer.finish() });
}

/** Decodes a policy and verifies that one of the roots signed it. Never throws. */
export function verifyPolicy(roots: TrustAnchors, bytes: Uint8Array): Judged<Policy> {
  const decoded = decodeSign1(bytes, 'policy');
  if ('refusal' in decoded) return decoded;
  const signed = decoded.value;
  const payload = decodePayload(signed);
  if ('refusal' in payload) return payload;
  const claims = readPolicy(payload.value);
  if (claims === undefined) return malformed('policy', 'cluster, time, number, prefixes and rights');
  const refusal = roots.refusalOfSignature(signed);
  if (refusal !== undefined) return { refusal };
  if (claims.cluster !== roots.cluster)
    return refuse(
      'wrong-cluster',
      `policy: expected one for cluster ${JSON.stringify(roots.cluster)}; got ${JSON.stringify(claims.cluster)}`,
    );
  return { value: { ...claims, signed, provenSeconds: claims.issuedAt } };
}

function readPolicy(raw: unknown): PolicyClaims | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [cluster, , , rawWrites, rawRights] = raw as unknown[];
  const issuedAt = asUint(raw[1]);
  const number = asUint(raw[2]);
  const writes = readGrants(rawWrites);
  const given = readGrants(rawRights);
  if (typeof cluster !== 'string' || issuedAt === undefined || number === undefined) return undefined;
  if (writes === undefined || given === undefined) return undefined;
  // A right that a later version knows is passed over; one that is missing here is nobody's.
  const rights = Object.fromEntries(RIGHTS.map((right) => [right, given.get(right) ?? []]));
  const claims = {
    cluster,
    issuedAt,
    number,
    writes: Object.fromEntries(writes),
    rights: rights as Record<Right, Grant>,
  };
  return problemOfPolicy(claims) === undefined ? claims : undefined;
}

function readGrants(raw: unknown): ReadonlyMap<string, Grant> | undefined {
  if (!(raw instanceof Map)) return undefined;
  const grants = new Map<string, Grant>();
  for (const [name, list] of raw as ReadonlyMap<unknown, unknown>) {
    const grant = asGrant(list);
    if (typeof name !== 'string' || grant === undefined || name === '__proto__') return undefined;
    grants.set(name, grant);
  }
  return grants;
}

function asGrant(raw: unknown): Grant | undefined {
  return Array.isArray(raw) && raw.length === 1 && raw[0] === EVERYBODY ? 'everybody' : asGroups(raw);
}

function listOf(grant: Grant): readonly string[] {
  return grant === 'everybody' ? [EVERYBODY] : canonicalGroups(grant);
}

function problemOfPolicy(claims: PolicyClaims): string | undefined {
  const problem = problemOfClusterName(claims.cluster);
  if (problem !== undefined) return `cluster: ${problem}`;
  if (!(Number.isSafeInteger(claims.number) && claims.number >= 1))
    return 'number: expected an integer from 1';
  if (!(Number.isSafeInteger(claims.issuedAt) && claims.issuedAt >= 0))
    return 'issued at: expected whole seconds from 0';
  const prefixes = Object.keys(claims.writes);
  if (prefixes.length > PREFIXES_MAX)
    return `prefixes: expected at most ${PREFIXES_MAX}; got ${prefixes.length}`;
  for (const prefix of prefixes) {
    const inPrefix = prefix === '' ? undefined : problemOfKey(prefix);
    if (inPrefix !== undefined) return `prefix ${JSON.stringify(prefix)}: ${inPrefix}`;
  }
  return undefined;
}
