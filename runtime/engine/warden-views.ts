import { toHex } from '../core/ids.ts';
import type { CertifiedMember, CertifiedView } from '../core/trust-view.ts';
import { targetHex } from '../pki/revocation.ts';
import type { AdmissionCounters } from '../trust/admission/contract.ts';
import type { KnownCertificate } from '../trust/certificate-book.ts';
import type { Trust } from '../trust/trust.ts';

/** Who is certified and who is out, as users see it: members by name. */
export function certifiedView({ book, law }: Trust): CertifiedView {
  const standing = (one: KnownCertificate): CertifiedMember['standing'] => {
    if (!law.hasLapsed(one)) return 'valid';
    return law.revocations.contains(one.serial, one.id) ? 'revoked' : 'expired';
  };
  const members = Array.from(book.values(), (one) => ({
    id: one.id,
    name: one.name,
    groups: one.groups,
    serial: toHex(one.serial),
    issuedAt: one.issuedAt,
    expires: one.expires,
    isByRegistrar: one.chain.length > 1,
    standing: standing(one),
  }));
  // Signed by an old and a new root, one revocation is there twice.
  const revoked = new Map(
    law.revocations.statements.map(({ target, revokedAt, reason }) => [
      targetHex(target),
      { kind: target.kind, target: targetHex(target), revokedAt, reason },
    ]),
  );
  return {
    members: members.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
    revoked: [...revoked.values()].sort((a, b) => a.revokedAt - b.revokedAt),
  };
}

/** What admission counted, flat. */
export function admissionView({ drops, ...counters }: AdmissionCounters): Readonly<Record<string, number>> {
  const dropped = Object.entries(drops).map(([reason, count]) => [`dropped-${reason}`, count] as const);
  return { ...counters, ...Object.fromEntries(dropped) };
}
