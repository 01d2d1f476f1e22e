import type { Identity } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { issueCertificate } from '../pki/certificate.ts';
import { SERIAL_BYTES } from '../pki/certificate-claims.ts';
import type { KnownCertificate } from './certificate-book.ts';

/** Of a certificate's life, after which it is renewed: who is away then has the rest to come back in. */
const RENEW_SHARE = 2 / 3;

/** From when on a certificate is to be renewed, in seconds since 1970. */
export function renewalSeconds({
  issuedAt,
  expires,
}: Pick<KnownCertificate, 'issuedAt' | 'expires'>): number {
  return Math.ceil(issuedAt + RENEW_SHARE * (expires - issuedAt));
}

/** Issues successors of certificates, within what its own certificate allows: same node, same keys, same groups, a later end. */
export class Registrar {
  readonly #provider: CryptoProvider;
  readonly #identity: Identity;
  readonly #random: (length: number) => Uint8Array;

  /** @param parts.random from a cryptographic source. */
  constructor(parts: {
    provider: CryptoProvider;
    identity: Identity;
    random: (length: number) => Uint8Array;
  }) {
    this.#provider = parts.provider;
    this.#identity = parts.identity;
    this.#random = parts.random;
  }

  /**
   * @param certificate one that stands. @param own this registrar's. @param atSeconds now, since 1970.
   * @returns its successor with the registrar's certificate, as a chain; undefined where none is due, or this registrar may not issue it.
   */
  renew(
    certificate: KnownCertificate,
    own: KnownCertificate,
    atSeconds: number,
  ): readonly Uint8Array[] | undefined {
    const { issuer } = own;
    const { id, expires, groups } = certificate;
    if (issuer === undefined || certificate.issuer !== undefined || id === own.id) return undefined;
    if (!groups.every((group) => issuer.groups.includes(group))) return undefined;
    // What has ended stays ended: its keys may be in other hands by now.
    if (atSeconds >= expires || atSeconds < renewalSeconds(certificate)) return undefined;
    const validity = Math.min(expires - certificate.notBefore, issuer.validitySecondsMax);
    const end = Math.min(atSeconds + validity, own.expires);
    if (end <= expires || atSeconds < own.notBefore) return undefined;
    const successor = issueCertificate(this.#provider, this.#identity, {
      name: certificate.name,
      cluster: certificate.cluster,
      serial: this.#random(SERIAL_BYTES),
      signingKey: certificate.signingKey,
      agreementKey: certificate.agreementKey,
      groups,
      notBefore: atSeconds,
      issuedAt: atSeconds,
      expires: end,
    });
    return [successor, own.chain[0]];
  }
}
