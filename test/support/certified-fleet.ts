import { fromHex, type NodeId } from '#runtime/core/ids.ts';
import { type AgreementKey, agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import { issueCertificate } from '#runtime/pki/certificate.ts';
import type { CertificateClaims } from '#runtime/pki/certificate-claims.ts';
import { type PolicyClaims, signPolicy } from '#runtime/pki/policy.ts';
import { signRevocation } from '#runtime/pki/revocation.ts';
import { signRoot } from '#runtime/pki/root.ts';
import { signRoster } from '#runtime/pki/signed-roster.ts';
import { TrustAnchors } from '#runtime/pki/trust-anchors.ts';
import type { TrustOptions } from '#runtime/trust/trust.ts';
import type { NodeChoices } from './engine-pump.ts';
import { accepted, START, YEAR } from './pki.ts';
import { CLUSTER, provider } from './wire.ts';

interface Card {
  readonly identity: Identity;
  readonly agreementKey: AgreementKey;
  readonly certificate: Uint8Array;
}

/** Boards with certificates of one root, and what the root signs. The first are keymasters. */
export class CertifiedFleet {
  readonly cards: readonly Card[];
  readonly root: Uint8Array;
  readonly #root: Identity;

  /** @param options.root which root; @param options.groupsOf the groups of each board: the first three mint and control, the others measure. */
  constructor(
    count: number,
    options: { root?: number; groupsOf?: (index: number) => readonly string[] } = {},
  ) {
    const { root = 222, groupsOf = (index) => (index < 3 ? ['keymaster', 'controller'] : ['sensor']) } =
      options;
    this.#root = identityFromSeed(provider, new Uint8Array(32).fill(root));
    this.root = signRoot(provider, this.#root, {
      cluster: CLUSTER,
      issuedAt: START,
      expires: START + 20 * YEAR,
      publicKey: this.#root.publicKey,
    });
    this.cards = Array.from({ length: count }, (_, index) => this.card(index, { groups: groupsOf(index) }));
  }

  /** A board's keys, with a certificate that says what is wanted. */
  card(index: number, claims: Partial<CertificateClaims> = {}): Card {
    const seed = new Uint8Array(32);
    new DataView(seed.buffer).setUint32(0, index + 1);
    const identity = identityFromSeed(provider, seed);
    const agreementKey = agreementKeyOf(provider, seed);
    const serial = new Uint8Array(16);
    new DataView(serial.buffer).setUint32(0, index + 1);
    const certificate = issueCertificate(provider, this.#root, {
      name: `n${index + 1}`,
      cluster: CLUSTER,
      serial,
      signingKey: identity.publicKey,
      agreementKey: agreementKey.publicKey,
      groups: [],
      notBefore: START,
      issuedAt: START,
      expires: START + 2 * YEAR,
      ...claims,
    });
    return { identity, agreementKey, certificate };
  }

  id(index: number): NodeId {
    return this.cards[index].identity.id;
  }

  /** What engine `index` is made with. */
  choices(index: number, changes: Partial<TrustOptions> = {}, card = this.cards[index]): NodeChoices {
    return { id: card.identity.id, trust: { trust: this.trustOf(card, changes) } };
  }

  trustOf(card: Card, changes: Partial<TrustOptions> = {}): TrustOptions {
    return {
      identity: card.identity,
      agreementKey: card.agreementKey,
      chain: [card.certificate],
      anchors: accepted(TrustAnchors.of(provider, CLUSTER, [this.root])),
      ...changes,
    };
  }

  /** The root puts a board out, with all certificates that it may ever have. */
  revocation(id: NodeId): Uint8Array {
    return signRevocation(provider, this.#root, {
      cluster: CLUSTER,
      revokedAt: START + 1,
      target: { kind: 'node', id: fromHex(id) },
      reason: 'stolen',
    });
  }

  /** The root says who votes on leases. */
  roster(version: number, voters: readonly NodeId[], previous: readonly NodeId[] = []): Uint8Array {
    const roster = { version, voters, previous };
    return signRoster(provider, this.#root, { cluster: CLUSTER, issuedAt: START + 1, roster });
  }

  policy(claims: Partial<PolicyClaims>): Uint8Array {
    return signPolicy(provider, this.#root, {
      cluster: CLUSTER,
      number: 1,
      issuedAt: START + 1,
      writes: { '': 'everybody' },
      rights: { command: [], mint: ['keymaster'], vote: [] },
      ...claims,
    });
  }
}
