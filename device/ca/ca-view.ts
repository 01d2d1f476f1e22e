import { toHex } from '#runtime/core/ids.ts';
import type { Certificate } from '#runtime/pki/certificate.ts';
import type { Grant, PolicyClaims } from '#runtime/pki/policy.ts';
import { targetHex } from '#runtime/pki/revocation.ts';
import { presentPolicy } from './ca-actions.ts';
import { type CaState, type CertificateState, certificateState, revocationOf } from './ca-state.ts';

/** `gridvine ca show --json`. Times are milliseconds since 1970. */
export interface CaJson {
  readonly schema: 'gridvine.ca/1';
  readonly cluster: string;
  readonly roots: readonly RootJson[];
  readonly certificates: readonly CertificateJson[];
  readonly revocations: readonly RevocationJson[];
  readonly policy: PolicyJson;
  readonly roster: RosterJson;
}

export interface RootJson {
  readonly id: string;
  readonly issuedAtMs: number;
  readonly expiresMs: number;
  /** `signs`: the newest; `accepted`: the one before; `retired`: counts no longer. */
  readonly state: 'signs' | 'accepted' | 'retired' | 'expired';
}

export interface CertificateJson {
  readonly name: string;
  readonly id: string;
  readonly serial: string;
  readonly cluster: string;
  readonly groups: readonly string[];
  readonly registrar: { readonly groups: readonly string[]; readonly longestMs: number } | null;
  readonly issuer: string;
  readonly issuedAtMs: number;
  readonly notBeforeMs: number;
  readonly expiresMs: number;
  /** null where only the file is known, and not what its CA has revoked. */
  readonly state: CertificateState | null;
  readonly reason: string | null;
}

export interface RevocationJson {
  readonly kind: 'certificate' | 'node';
  readonly target: string;
  readonly revokedAtMs: number;
  readonly reason: string;
}

/** Who votes on leases. */
export interface RosterJson {
  /** 0: the CA has named nobody. */
  readonly version: number;
  readonly voters: readonly NamedId[];
  /** Voters before, whose majority is needed too until this roster has settled. */
  readonly previous: readonly NamedId[];
}

export interface NamedId {
  readonly id: string;
  /** By its newest certificate. */
  readonly name: string | null;
}

export interface PolicyJson {
  /** 0: the default, signed by nobody. */
  readonly number: number;
  readonly writes: Readonly<Record<string, readonly string[]>>;
  readonly rights: Readonly<Record<string, readonly string[]>>;
}

/** All there is to show of a CA. Nothing in it is secret. */
export function viewCa(state: CaState, nowSeconds: number): CaJson {
  const { cluster, roots, anchors } = state;
  return {
    schema: 'gridvine.ca/1',
    cluster,
    roots: roots.map((root, index) => ({
      id: toHex(root.kid),
      issuedAtMs: root.issuedAt * 1_000,
      expiresMs: root.expires * 1_000,
      state: rootState(
        index === roots.length - 1,
        anchors.find(root.kid) !== undefined,
        nowSeconds >= root.expires,
      ),
    })),
    certificates: state.certificates.map((one) => viewCertificate(one, { state, nowSeconds })),
    revocations: distinctRevocations(state),
    policy: viewPolicy(presentPolicy(state)),
    roster: viewRoster(state),
  };
}

/** @param ca absent: only the certificate itself is known. */
export function viewCertificate(
  certificate: Certificate,
  ca?: { readonly state: CaState; readonly nowSeconds: number },
): CertificateJson {
  const { name, id, serial, cluster, groups, issuer, issuedAt, notBefore, expires, signed } = certificate;
  return {
    name,
    id,
    serial: toHex(serial),
    cluster,
    groups,
    registrar:
      issuer === undefined ? null : { groups: issuer.groups, longestMs: issuer.validitySecondsMax * 1_000 },
    issuer: toHex(signed.kid),
    issuedAtMs: issuedAt * 1_000,
    notBeforeMs: notBefore * 1_000,
    expiresMs: expires * 1_000,
    state: ca === undefined ? null : certificateState(ca.state, certificate, ca.nowSeconds),
    reason: ca === undefined ? null : (revocationOf(ca.state, certificate)?.reason ?? null),
  };
}

export function viewRoster({ roster: signed, certificates }: CaState): RosterJson {
  const { version, voters, previous } = signed?.roster ?? { version: 0, voters: [], previous: [] };
  const named = (id: string) => ({ id, name: certificates.findLast((one) => one.id === id)?.name ?? null });
  return { version, voters: voters.map(named), previous: previous.map(named) };
}

export function viewPolicy({
  number,
  writes,
  rights,
}: Pick<PolicyClaims, 'number' | 'writes' | 'rights'>): PolicyJson {
  return { number, writes: listed(writes), rights: listed(rights) };
}

function listed(grants: Readonly<Record<string, Grant>>): Record<string, readonly string[]> {
  const lists = Object.entries(grants).map(
    ([name, grant]) => [name, grant === 'everybody' ? ['*'] : grant] as const,
  );
  return Object.fromEntries(lists.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function rootState(isNewest: boolean, isAccepted: boolean, isExpired: boolean): RootJson['state'] {
  if (isExpired) return 'expired';
  if (isNewest) return 'signs';
  return isAccepted ? 'accepted' : 'retired';
}

function distinctRevocations({ revoked }: CaState): readonly RevocationJson[] {
  const views = revoked.statements.map((one): [string, RevocationJson] => [
    toHex(one.signed.payload),
    {
      kind: one.target.kind,
      target: targetHex(one.target),
      revokedAtMs: one.revokedAt * 1_000,
      reason: one.reason,
    },
  ]);
  return [...new Map(views).values()];
}
