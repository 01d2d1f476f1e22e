import { hchacha } from '@noble/ciphers/chacha.js';

/** "expand 32-byte k" as little-endian words (RFC 8439 section 2.3). */
const SIGMA_TEXT = 'expand 32-byte k';

/**
 * HChaCha20 (draft-irtf-cfrg-xchacha-03 section 2.2): the key of the inner ChaCha20-Poly1305.
 * @param key 32 bytes. @param salt 16 bytes, the first two thirds of an XChaCha20 nonce. @returns 32 bytes.
 */
export function hchacha20(key: Uint8Array, salt: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new RangeError(`key: expected 32 bytes; got ${key.length}`);
  if (salt.length !== 16) throw new RangeError(`salt: expected 16 bytes; got ${salt.length}`);
  const subkey = new Uint32Array(8);
  const sigma = Uint8Array.from(SIGMA_TEXT, (char) => char.charCodeAt(0));
  hchacha(words(sigma), words(key), words(salt), subkey);
  return new Uint8Array(subkey.buffer);
}

/** An aligned copy: the input may begin at any byte of a datagram. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
