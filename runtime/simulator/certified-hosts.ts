import { fromHex, type NodeId } from '../core/ids.ts';
import type { RandomSource } from '../core/random.ts';
import { type AgreementKey, agreementKeyOf } from '../crypto/agreement-key.ts';
import { type Identity, identityFromSeed } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { issueCertificate } from '../pki/certificate.ts';
import { SERIAL_BYTES } from '../pki/certificate-claims.ts';
import { signRevocation } from '../pki/revocation.ts';
import { signRoot } from '../pki/root.ts';
import { TrustAnchors } from '../pki/trust-anchors.ts';
import type { TrustOptions } from '../trust/trust.ts';
import type { HostIndex } from './network.ts';

/** 2026-01-01 */
const START_SECONDS = 1_767_225_600;
const YEAR_SECONDS = 365 * 86_400;
const SEED_BYTES = 32;
/** So many hosts may mint. */
const KEYMASTERS = 3;

interface Card {
  readonly identity: Identity;
  readonly agreementKey: AgreementKey;
  readonly certificate: Uint8Array;
}

/** A root and the certificates of all hosts: all may vote in leases and send commands, the first three may mint. */
export class CertifiedHosts {
  readonly #provider: CryptoProvider;
  readonly #cluster: string;
  readonly #root: Identity;
  readonly #rootBytes: Uint8Array;
  readonly #cards: readonly Card[];

  constructor(parts: {
    readonly provider: CryptoProvider;
    readonly cluster: string;
    readonly random: RandomSource;
    readonly hosts: number;
  }) {
    const { provider, cluster, random, hosts } = parts;
    this.#provider = provider;
    this.#cluster = cluster;
    this.#root = identityFromSeed(provider, random.bytes(SEED_BYTES));
    this.#rootBytes = signRoot(provider, this.#root, {
      cluster,
      issuedAt: START_SECONDS,
      expires: START_SECONDS + 20 * YEAR_SECONDS,
      publicKey: this.#root.publicKey,
    });
    this.#cards = Array.from({ length: hosts }, (_, index) => this.#issue(index, random));
  }

  id(host: HostIndex): NodeId {
    return this.#cards[host].identity.id;
  }

  trust(host: HostIndex): TrustOptions {
    const { identity, agreementKey, certificate } = this.#cards[host];
    const anchors = TrustAnchors.of(this.#provider, this.#cluster, [this.#rootBytes]);
    if ('refusal' in anchors) throw new Error(anchors.refusal.text);
    return { identity, agreementKey, chain: [certificate], anchors: anchors.value };
  }

  /** What puts a host out, signed by the root. */
  revocation(host: HostIndex): Uint8Array {
    return signRevocation(this.#provider, this.#root, {
      cluster: this.#cluster,
      revokedAt: START_SECONDS + 1,
      target: { kind: 'node', id: fromHex(this.id(host)) },
      reason: 'simulated',
    });
  }

  #issue(host: HostIndex, random: RandomSource): Card {
    const identity = identityFromSeed(this.#provider, random.bytes(SEED_BYTES));
    const agreementKey = agreementKeyOf(this.#provider, random.bytes(SEED_BYTES));
    const certificate = issueCertificate(this.#provider, this.#root, {
      name: `node-${host}`,
      cluster: this.#cluster,
      serial: random.bytes(SERIAL_BYTES),
      signingKey: identity.publicKey,
      agreementKey: agreementKey.publicKey,
      groups: ['controller', host < KEYMASTERS ? 'keymaster' : 'sensor'],
      notBefore: START_SECONDS,
      issuedAt: START_SECONDS,
      expires: START_SECONDS + 2 * YEAR_SECONDS,
    });
    return { identity, agreementKey, certificate };
  }
}
