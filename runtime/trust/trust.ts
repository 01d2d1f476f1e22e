import { equalBytes } from '../core/bytes.ts';
import type { NodeId } from '../core/ids.ts';
import type { AgreementKey } from '../crypto/agreement-key.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { decodeChain, encodeChain } from '../pki/chain.ts';
import type { Judged } from '../pki/refusal.ts';
import type { TrustAnchors } from '../pki/trust-anchors.ts';
import { CertificateBook, type KnownCertificate } from './certificate-book.ts';
import type { Epoch } from './epoch.ts';
import { FleetLaw, type FleetLawState } from './fleet-law.ts';
import type { AgreementKeys } from './pair-keys.ts';
import { RecordAuthority } from './record-authority.ts';

/** What a node keeps of a cluster of certificates over its restarts; it holds secrets. */
export interface TrustState {
  readonly law: FleetLawState;
  /** The epochs that it reads, in any order. */
  readonly epochs: readonly Epoch[];
  /** Its own certificates, the latest that were issued to it; absent: as a person gave them. */
  readonly chain?: readonly Uint8Array[];
}

export interface TrustOptions {
  readonly identity: Identity;
  /** The X25519 key that the certificate names. */
  readonly agreementKey: AgreementKey;
  /** Own certificate, and its registrar's where one issued it. */
  readonly chain: readonly Uint8Array[];
  /** The roots that a person told this node to trust. */
  readonly anchors: TrustAnchors;
  readonly saved?: TrustState;
  /** Application keys that begin so aren't signed; the same on all nodes. */
  readonly unsignedPrefixes?: readonly string[];
  /** How long an epoch lasts, in milliseconds; default 24 h. */
  readonly epochMs?: number;
  /** How long a keymaster looks for its cluster before it founds one; default 3 s. */
  readonly foundingMs?: number;
}

/** Whom a node believes, and why: what the root said, the certificates of those it met, and what they entitle to. */
export class Trust {
  readonly options: TrustOptions;
  readonly law: FleetLaw;
  readonly book: CertificateBook;
  readonly authority: RecordAuthority;
  /** The certified keys of others, as long as their certificates stand. */
  readonly agreementKeys: AgreementKeys;
  #chain: readonly Uint8Array[];

  constructor(options: TrustOptions, { provider, cluster }: { provider: CryptoProvider; cluster: string }) {
    const { identity, anchors, saved, unsignedPrefixes } = options;
    this.options = options;
    this.law = new FleetLaw(provider, anchors, saved?.law);
    this.book = new CertificateBook(this.law);
    this.authority = new RecordAuthority({
      provider,
      cluster,
      identity,
      law: this.law,
      book: this.book,
      ...(unsignedPrefixes !== undefined && { unsignedPrefixes }),
    });
    this.#chain = options.chain;
    if (saved?.chain !== undefined) this.succeed(saved.chain);
    this.agreementKeys = {
      own: options.agreementKey,
      of: (peer: NodeId) => this.standing(peer)?.agreementKey,
    };
  }

  /** Own certificate, and its registrar's where one issued it. */
  get chain(): readonly Uint8Array[] {
    return this.#chain;
  }

  /** Own certificates as they travel. */
  get credential(): Uint8Array {
    return encodeChain(this.#chain);
  }

  /**
   * Takes a successor of the own certificate: for this node and its keys, standing, and issued later.
   * @returns whether it did.
   */
  succeed(chain: readonly Uint8Array[]): boolean {
    const judged = this.law.judge(chain);
    if ('refusal' in judged) return false;
    const { certificate } = judged.value;
    const { identity, agreementKey } = this.options;
    if (certificate.id !== identity.id || !equalBytes(certificate.agreementKey, agreementKey.publicKey))
      return false;
    const present = this.law.judge(this.#chain);
    if ('value' in present && present.value.certificate.issuedAt >= certificate.issuedAt) return false;
    this.#chain = chain.map((bytes) => bytes.slice());
    this.book.learn(this.#chain);
    return true;
  }

  /** Judges certificates as they travelled, and keeps them where they stand. */
  learn(credential: Uint8Array): Judged<KnownCertificate> {
    const chain = decodeChain(credential);
    return 'refusal' in chain ? chain : this.book.learn(chain.value);
  }

  /** Judges this node's own certificate: whether it still stands, or why not. */
  judgeSelf(): Judged<KnownCertificate> {
    const known = this.standing(this.options.identity.id);
    return known === undefined ? this.book.learn(this.#chain) : { value: known };
  }

  /** The certificate of a node, where it is known and stands. */
  standing(id: NodeId): KnownCertificate | undefined {
    const certificate = this.book.get(id);
    return certificate === undefined || this.law.hasLapsed(certificate) ? undefined : certificate;
  }
}
