import type { NodeId } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { RecordSigningInput } from '#runtime/crypto/record-signature.ts';
import type { EngineOptions } from '#runtime/engine/contract.ts';
import { encodeClaims } from '#runtime/pki/certificate-claims.ts';
import { CertificateBook } from '#runtime/trust/certificate-book.ts';
import { FleetLaw } from '#runtime/trust/fleet-law.ts';
import { RecordAuthority } from '#runtime/trust/record-authority.ts';
import { CLUSTER } from '../fixtures.ts';
import {
  anchors,
  CLUSTER as CERTIFIED_CLUSTER,
  quick,
  ROOT,
  START,
  signAnything,
  YEAR,
} from './pki-fixture.ts';

interface MemberCard {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly agreement: ReturnType<typeof agreementKeyOf>;
  readonly chain: readonly Uint8Array[];
}

/** Members of a cluster of certificates. */
export const MEMBERS: readonly MemberCard[] = [1, 2, 3, 4].map((fill) => {
  const seed = new Uint8Array(32).fill(fill);
  const identity = identityFromSeed(quick, seed);
  const agreement = agreementKeyOf(quick, seed);
  const claims = encodeClaims({
    name: `member-${fill}`,
    cluster: CERTIFIED_CLUSTER,
    serial: new Uint8Array(16).fill(fill),
    signingKey: identity.publicKey,
    agreementKey: agreement.publicKey,
    groups: ['sensor'],
    notBefore: START,
    issuedAt: START,
    expires: START + YEAR,
  });
  return { id: identity.id, identity, agreement, chain: [signAnything(ROOT, 'certificate', claims)] };
});

const input = new RecordSigningInput(CLUSTER);

/** Signs in a member's name, by its key. */
export function signerOf(owner: NodeId, body: Uint8Array): Uint8Array | undefined {
  return MEMBERS.find(({ id }) => id === owner)?.identity.sign(input.of(owner, body));
}

/** What an engine of this member is made with. */
export function trustOf(index: number): Pick<EngineOptions, 'guard' | 'proofs'> {
  const law = new FleetLaw(quick, anchors());
  const book = new CertificateBook(law);
  const { identity, agreement, chain } = MEMBERS[index];
  book.learn(chain);
  const guard = new RecordAuthority({ provider: quick, cluster: CLUSTER, identity, law, book });
  const of = (peer: NodeId) => book.get(peer)?.agreementKey;
  return { guard, proofs: { keys: { own: agreement, of }, presenceLinks: 64 } };
}
