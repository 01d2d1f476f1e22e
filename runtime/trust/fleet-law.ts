import { type NodeId, toHex } from '../core/ids.ts';
import type { Roster } from '../core/roster.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Certificate } from '../pki/certificate.ts';
import { type VerifiedChain, verifyChain } from '../pki/chain.ts';
import { peekKind } from '../pki/cose-sign1.ts';
import { newestOf } from '../pki/newest.ts';
import { DEFAULT_POLICY, type Policy, verifyPolicy } from '../pki/policy.ts';
import { type Judged, refuse } from '../pki/refusal.ts';
import { verifyRevocation } from '../pki/revocation.ts';
import { RevocationSet } from '../pki/revocation-set.ts';
import { type SignedRoster, verifySignedRoster } from '../pki/signed-roster.ts';
import { TimeFloor } from '../pki/time-floor.ts';
import type { TrustAnchors } from '../pki/trust-anchors.ts';
import { revocationMark } from './epoch.ts';

/** What a root says, and no member can change: who is trusted, who is revoked, who may do what, and that it is at least so late. */
export interface FleetLawState {
  /** Signed objects, byte for byte: endorsements of roots, revocations, the policy, the roster. */
  readonly objects: readonly Uint8Array[];
  /** Seconds since 1970. */
  readonly floorSeconds: number;
}

/** What became of an object that was shown. */
export interface Taken {
  readonly isNew: boolean;
  readonly kind: 'root' | 'revocation' | 'policy' | 'roster';
  /** Its name among the objects of its kind: two of the same name are the same to everybody. */
  readonly name: string;
}

/**
 * The root's word as one node knows it. It only ever grows, and is the same for all who have seen the same objects, in whatever order:
 * so they may travel by any path, also through hands that nobody trusts.
 */
export class FleetLaw {
  readonly #provider: CryptoProvider;
  readonly #floor: TimeFloor;
  readonly #revocations = new RevocationSet();
  readonly #endorsements: Uint8Array[] = [];
  #anchors: TrustAnchors;
  #policy: Policy | undefined;
  #roster: SignedRoster | undefined;

  /** @param saved what `state` gave before: a part that isn't accepted any more is passed over. */
  constructor(provider: CryptoProvider, anchors: TrustAnchors, saved?: FleetLawState) {
    this.#provider = provider;
    this.#anchors = anchors;
    this.#floor = new TimeFloor(saved?.floorSeconds ?? 0);
    for (const root of anchors.roots) this.#floor.observe({ provenSeconds: root.issuedAt });
    for (const bytes of saved?.objects ?? []) this.take(bytes);
  }

  get anchors(): TrustAnchors {
    return this.#anchors;
  }

  get policy(): Pick<Policy, 'number' | 'writes' | 'rights'> {
    return this.#policy ?? DEFAULT_POLICY;
  }

  /** Who votes on leases; undefined: no root has said so. */
  get roster(): Roster | undefined {
    return this.#roster?.roster;
  }

  get revocations(): RevocationSet {
    return this.#revocations;
  }

  /** Seconds since 1970: it is at least this late. */
  get floorSeconds(): number {
    return this.#floor.seconds;
  }

  /** 12 bytes that stand for all that is revoked [P-14.3]. */
  get revocationMark(): Uint8Array {
    return revocationMark(this.#revocations.size, this.#revocations.hash(this.#provider));
  }

  /** To be saved and told to others. */
  get state(): FleetLawState {
    const objects = [
      ...this.#endorsements,
      ...this.#revocations.statements.map(({ signed }) => signed.bytes),
      ...(this.#policy === undefined ? [] : [this.#policy.signed.bytes]),
      ...(this.#roster === undefined ? [] : [this.#roster.signed.bytes]),
    ];
    return { objects, floorSeconds: this.#floor.seconds };
  }

  /** Each object with its name: two nodes that know the same call it the same. */
  get named(): readonly { readonly bytes: Uint8Array; readonly name: string }[] {
    return this.state.objects.map((bytes) => ({ bytes, name: this.#nameOf(bytes) }));
  }

  /** Judges a certificate, now: by the time floor, which it may move. Never throws. */
  judge(chain: readonly Uint8Array[]): Judged<VerifiedChain> {
    const judged = verifyChain(this.#provider, {
      roots: this.#anchors,
      chain,
      atSeconds: this.#floor.seconds,
      revoked: this.#revocations,
    });
    if ('value' in judged) this.#floor.observe(judged.value);
    return judged;
  }

  /** Whether a certificate that was accepted before has been revoked, or has ended, since. */
  hasLapsed({ serial, id, expires }: Pick<Certificate, 'serial' | 'id' | 'expires'>): boolean {
    return this.#revocations.contains(serial, id) || expires <= this.#floor.seconds;
  }

  isRevoked(id: NodeId): boolean {
    return this.#revocations.findNode(id) !== undefined;
  }

  /** Takes a signed object from anywhere: a revocation, a policy, a roster, an endorsement of the next root. Never throws. */
  take(bytes: Uint8Array): Judged<Taken> {
    switch (peekKind(bytes)) {
      case 'revocation':
        return this.#takeRevocation(bytes);
      case 'policy':
        return this.#takePolicy(bytes);
      case 'roster':
        return this.#takeRoster(bytes);
      case 'root':
        return this.#takeEndorsement(bytes);
      default:
        return refuse(
          'malformed',
          'expected a revocation, a policy, a roster or the endorsement of a root; got something else',
        );
    }
  }

  #takeRevocation(bytes: Uint8Array): Judged<Taken> {
    const judged = verifyRevocation(this.#anchors, bytes);
    if ('refusal' in judged) return judged;
    const added = this.#revocations.add(judged.value);
    if (added === 'full')
      return refuse('malformed', 'no room for more revocations: let certificates end before revoking more');
    this.#floor.observe(judged.value);
    return { value: { isNew: added === 'added', kind: 'revocation', name: this.#nameOf(bytes) } };
  }

  #takePolicy(bytes: Uint8Array): Judged<Taken> {
    const judged = verifyPolicy(this.#anchors, bytes);
    if ('refusal' in judged) return judged;
    const before = this.#policy;
    this.#policy = before === undefined ? judged.value : newestOf(before, judged.value, this.#anchors);
    this.#floor.observe(judged.value);
    const isNew = this.#policy === judged.value;
    return { value: { isNew, kind: 'policy', name: this.#nameOf(bytes) } };
  }

  #takeRoster(bytes: Uint8Array): Judged<Taken> {
    const judged = verifySignedRoster(this.#anchors, bytes);
    if ('refusal' in judged) return judged;
    const before = this.#roster;
    this.#roster = before === undefined ? judged.value : newestOf(before, judged.value, this.#anchors);
    this.#floor.observe(judged.value);
    const isNew = this.#roster === judged.value;
    return { value: { isNew, kind: 'roster', name: this.#nameOf(bytes) } };
  }

  #takeEndorsement(bytes: Uint8Array): Judged<Taken> {
    const judged = this.#anchors.withEndorsement(bytes);
    if ('refusal' in judged) return judged;
    const isNew = judged.value !== this.#anchors;
    if (isNew) {
      this.#anchors = judged.value;
      this.#endorsements.push(bytes.slice());
      for (const root of judged.value.roots) this.#floor.observe({ provenSeconds: root.issuedAt });
    }
    return { value: { isNew, kind: 'root', name: this.#nameOf(bytes) } };
  }

  #nameOf(bytes: Uint8Array): string {
    return toHex(this.#provider.sha256(bytes).subarray(0, 8));
  }
}
