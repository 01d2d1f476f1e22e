/**
 * What both providers refuse before they verify. RFC 8032 leaves open whether keys of small order and non-canonical encodings
 * count, and libraries differ; two boards that judge one signature differently would never agree on a record.
 */

/** y of the eight points whose order divides 8, little-endian, without the sign bit: 0, 1, -1 and the two of order 8. */
const SMALL_ORDER_Y: readonly string[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

/** Ed25519 public keys are raw, of 32 bytes; signatures 64. */
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Whether a raw public key has the right length, a canonical encoding (y < 2^255 - 19), and isn't of small order. */
export function isAcceptablePublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return isCanonicalY(publicKey) && !SMALL_ORDER.some((y) => isSameY(publicKey, y));
}

const SMALL_ORDER: readonly Uint8Array[] = SMALL_ORDER_Y.map((hex) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
);

/** p = 2^255 - 19 is `ed ff .. ff 7f`. */
function isCanonicalY(encoded: Uint8Array): boolean {
  if ((encoded[31] & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (encoded[i] !== 0xff) return true;
  return encoded[0] < 0xed;
}

function isSameY(encoded: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (encoded[i] !== y[i]) return false;
  return (encoded[31] & 0x7f) === y[31];
}
