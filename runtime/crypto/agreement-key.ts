import { AGREEMENT_KEY_BYTES } from './agreement-rules.ts';
import type { CryptoProvider } from './provider.ts';
import { Secret } from './secret.ts';

/** An X25519 key pair. */
export interface AgreementKey {
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly secret: Secret;
}

const LABEL = new TextEncoder().encode('gridvine/1 x25519');
const NO_SALT = new Uint8Array(0);

/**
 * The X25519 key that belongs to an identity [P-11.3]: derived from its Ed25519 seed, so that one file on a board holds all there
 * is to keep, and neither key tells anything of the other.
 * @param seed 32 bytes.
 */
export function agreementKeyOf(provider: CryptoProvider, seed: Uint8Array): AgreementKey {
  return agreementKeyFrom(provider, provider.hkdf(seed, NO_SALT, LABEL, AGREEMENT_KEY_BYTES));
}

/** The key pair of a secret of 32 bytes, such as an ephemeral one. @throws RangeError for another length. */
export function agreementKeyFrom(provider: CryptoProvider, secret: Uint8Array): AgreementKey {
  return { publicKey: provider.agreementPublicKey(secret), secret: new Secret(secret) };
}
