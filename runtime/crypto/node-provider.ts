import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hash,
  hkdfSync,
  type KeyObject,
  scryptSync,
  sign,
  verify,
} from 'node:crypto';
import { AGREEMENT_KEY_BYTES, checkAgreementSecret } from './agreement-rules.ts';
import { hchacha20 } from './hchacha.ts';
import type { CryptoProvider, SealKey } from './provider.ts';
import { PASSPHRASE_KEY_BYTES, scryptMemoryBytes } from './scrypt-rules.ts';
import { isAcceptablePublicKey, SIGNATURE_BYTES } from './signature-rules.ts';

const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
const EMPTY = new Uint8Array(0);

/** DER before a raw Ed25519 key (RFC 8410): PKCS #8 for a seed, SubjectPublicKeyInfo for a public key. */
const PKCS8_PREFIX = bytesOf('302e020100300506032b657004220420');
const SPKI_PREFIX = bytesOf('302a300506032b6570032100');

/** The same before a raw X25519 key. */
const X_PKCS8_PREFIX = bytesOf('302e020100300506032b656e04220420');
const X_SPKI_PREFIX = bytesOf('302a300506032b656e032100');

/** How many imported keys of each kind are kept: an import costs a third of a verification. */
const KEYS_MAX = 512;

/** Node's own crypto: fast, bit-identical to the reference. Safe to share between engines. */
export function createNodeProvider(): CryptoProvider {
  const privateKeys = new KeyCache((seed) => importPrivate(PKCS8_PREFIX, seed));
  const publicKeys = new KeyCache((raw) => importPublic(SPKI_PREFIX, raw));
  return {
    name: 'node',
    // In one go: a hash object costs twice as much.
    sha256: (data) => plain(hash('sha256', data, 'buffer')),
    hkdf: (ikm, salt, info, length) => new Uint8Array(hkdfSync('sha256', ikm, salt, info, length)),
    cipherKey: (key) => nodeSealKey(key),
    sealKey: (key, salt) => nodeSealKey(hchacha20(key, salt)),
    publicKey: (seed) => rawPublicKey(privateKeys.get(seed)),
    sign: (seed, message) => plain(sign(null, message, privateKeys.get(seed))),
    verify(publicKey, message, signature) {
      if (signature.length !== SIGNATURE_BYTES || !isAcceptablePublicKey(publicKey)) return false;
      try {
        return verify(null, message, publicKeys.get(publicKey), signature);
      } catch {
        // A key that is no point of the curve fails at import, depending on the library's version.
        return false;
      }
    },
    // Not cached: most secrets are ephemeral, and one that is kept is no secret of the past.
    agreementPublicKey: (secret) => rawPublicKey(importPrivate(X_PKCS8_PREFIX, checkAgreementSecret(secret))),
    agree(secret, publicKey) {
      const privateKey = importPrivate(X_PKCS8_PREFIX, checkAgreementSecret(secret));
      if (publicKey.length !== AGREEMENT_KEY_BYTES) return undefined;
      try {
        return plain(diffieHellman({ privateKey, publicKey: importPublic(X_SPKI_PREFIX, publicKey) }));
      } catch {
        // OpenSSL refuses to derive all zeros.
        return undefined;
      }
    },
    scrypt(passphrase, salt, cost) {
      const maxmem = 2 * scryptMemoryBytes(cost);
      const { costLog2, blockSize: r, parallel: p } = cost;
      return plain(scryptSync(passphrase, salt, PASSPHRASE_KEY_BYTES, { N: 2 ** costLog2, r, p, maxmem }));
    },
  };
}

function importPrivate(prefix: Uint8Array, raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'pkcs8' });
}

function importPublic(prefix: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' });
}

/** The public half, raw: Ed25519 and X25519 have DER prefixes of one length. */
function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(SPKI_PREFIX.length));
}

/** ChaCha20-Poly1305 under a 32-byte key as it is. */
export function nodeSealKey(subkey: Uint8Array): SealKey {
  return new NodeSealKey(subkey);
}

class NodeSealKey implements SealKey {
  // As a KeyObject: a raw key costs five times as much for each datagram on Node 24.
  readonly #key: KeyObject;
  readonly #nonce = new Uint8Array(12);

  constructor(subkey: Uint8Array) {
    this.#key = createSecretKey(subkey);
  }

  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target?: Uint8Array): Uint8Array {
    this.#nonce.set(counter8, 4);
    // Without an authTagLength, whose check costs a twentieth of it all: a tag has 16 bytes unless told otherwise.
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce);
    cipher.setAAD(aad, { plaintextLength: plaintext.length });
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    // From Buffer's pool: a buffer of its own would cost a quarter of the sealing.
    const sealed = target ?? plain(Buffer.allocUnsafe(ciphertext.length + TAG_BYTES));
    sealed.set(ciphertext);
    sealed.set(cipher.getAuthTag(), ciphertext.length);
    return sealed;
  }

  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_BYTES;
    if (length < 0) return undefined;
    this.#nonce.set(counter8, 4);
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#nonce);
    decipher.setAAD(aad, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    const plaintext = length === 0 ? EMPTY : decipher.update(sealed.subarray(0, length));
    if (!isGenuine(decipher)) return undefined;
    return plain(plaintext);
  }
}

/** After a forgery as many more are expected. */
const FORGERIES_EXPECTED = 64;
let expectedForgeries = 0;

/** Whether the tag is right. Collecting the stack of an error that nobody sees is two fifths of what a forgery costs: once they come, it isn't. */
function isGenuine(decipher: { final(): unknown }): boolean {
  const { stackTraceLimit } = Error;
  const isQuiet = expectedForgeries > 0;
  if (isQuiet) Error.stackTraceLimit = 0;
  try {
    decipher.final();
    if (isQuiet) expectedForgeries--;
    return true;
  } catch {
    expectedForgeries = FORGERIES_EXPECTED;
    return false;
  } finally {
    if (isQuiet) Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Imported keys by their raw bytes; the oldest goes when it is full. */
class KeyCache {
  readonly #keys = new Map<string, KeyObject>();
  readonly #load: (raw: Uint8Array) => KeyObject;

  constructor(load: (raw: Uint8Array) => KeyObject) {
    this.#load = load;
  }

  get(raw: Uint8Array): KeyObject {
    const name = String.fromCharCode(...raw);
    const kept = this.#keys.get(name);
    if (kept !== undefined) return kept;
    const key = this.#load(raw);
    if (this.#keys.size >= KEYS_MAX) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(name, key);
    return key;
  }
}

/** A Buffer as a plain Uint8Array over the same memory: a Buffer's `slice` doesn't copy, which callers would trip over. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
