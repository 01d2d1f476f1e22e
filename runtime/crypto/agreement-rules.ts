/** X25519 keys are raw, of 32 bytes (RFC 7748 section 5). */
export const AGREEMENT_KEY_BYTES = 32;

/** @returns the secret. @throws RangeError where it isn't 32 bytes: it is our own, so that is our bug. */
export function checkAgreementSecret(secret: Uint8Array): Uint8Array {
  if (secret.length !== AGREEMENT_KEY_BYTES)
    throw new RangeError(`X25519 secret: expected ${AGREEMENT_KEY_BYTES} bytes; got ${secret.length}`);
  return secret;
}
