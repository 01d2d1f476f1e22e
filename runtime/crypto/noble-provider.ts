import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { AGREEMENT_KEY_BYTES, checkAgreementSecret } from './agreement-rules.ts';
import { hchacha20 } from './hchacha.ts';
import type { CryptoProvider, SealKey } from './provider.ts';
import { PASSPHRASE_KEY_BYTES, scryptMemoryBytes } from './scrypt-rules.ts';
import { isAcceptablePublicKey, SIGNATURE_BYTES } from './signature-rules.ts';

/**
 * The reference: audited pure TypeScript, the same on every platform. Loading the curve costs 4 MB and using it 20, so
 * import this module only where it is wanted.
 */
export const nobleProvider: CryptoProvider = {
  name: 'noble',
  sha256: (data) => sha256(data),
  hkdf: (ikm, salt, info, length) => hkdf(sha256, ikm, salt, info, length),
  cipherKey: (key) => nobleSealKey(key),
  sealKey: (key, salt) => nobleSealKey(hchacha20(key, salt)),
  publicKey: (seed) => ed25519.getPublicKey(seed),
  sign: (seed, message) => ed25519.sign(message, seed),
  verify: verifyStrictly,
  agreementPublicKey: (secret) => x25519.getPublicKey(checkAgreementSecret(secret)),
  agree(secret, publicKey) {
    checkAgreementSecret(secret);
    if (publicKey.length !== AGREEMENT_KEY_BYTES) return undefined;
    try {
      return x25519.getSharedSecret(secret, publicKey);
    } catch {
      // All zeros.
      return undefined;
    }
  },
  scrypt(passphrase, salt, cost) {
    const maxmem = 2 * scryptMemoryBytes(cost);
    const { costLog2, blockSize: r, parallel: p } = cost;
    return scrypt(passphrase, salt, { N: 2 ** costLog2, r, p, dkLen: PASSPHRASE_KEY_BYTES, maxmem });
  },
};

/** ChaCha20-Poly1305 under a 32-byte key as it is. */
export function nobleSealKey(subkey: Uint8Array): SealKey {
  return new NobleSealKey(subkey);
}

class NobleSealKey implements SealKey {
  readonly #subkey: Uint8Array;

  constructor(subkey: Uint8Array) {
    this.#subkey = subkey;
  }

  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return chacha20poly1305(this.#subkey, nonceOf(counter8), aad).encrypt(plaintext);
  }

  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    try {
      return chacha20poly1305(this.#subkey, nonceOf(counter8), aad).decrypt(sealed);
    } catch {
      return undefined;
    }
  }
}

/** Four zero bytes and the counter [P-3.3]. */
function nonceOf(counter8: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce.set(counter8, 4);
  return nonce;
}

const { Point } = ed25519;
const { Fn } = Point;

/**
 * Ed25519 verification without cofactor, as OpenSSL does it (RFC 8032 section 5.1.7 allows both): R must be the encoding of
 * [S]B - [k]A. noble's own `verify` multiplies by the cofactor and would accept signatures that the other provider refuses.
 */
function verifyStrictly(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isAcceptablePublicKey(publicKey)) return false;
  const s = littleEndian(signature.subarray(32));
  if (s >= Fn.ORDER) return false;
  const r = signature.subarray(0, 32);
  const hash = sha512.create().update(r).update(publicKey).update(message).digest();
  const k = littleEndian(hash) % Fn.ORDER;
  try {
    const a = Point.fromBytes(publicKey);
    const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
    return expected.every((byte, i) => byte === r[i]);
  } catch {
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}
