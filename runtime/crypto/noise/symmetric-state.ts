import type { CryptoProvider } from '../provider.ts';
import { NoiseCipher } from './cipher-state.ts';
import type { NoiseRead } from './noise-error.ts';

const HASH_BYTES = 32;
const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();

/** The chaining key and the hash of all that was said (Noise specification section 5.2). */
export class NoiseSymmetricState {
  readonly #provider: CryptoProvider;
  #cipher: NoiseCipher;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;

  constructor(provider: CryptoProvider, protocolName: string) {
    const name = encoder.encode(protocolName);
    this.#provider = provider;
    this.#cipher = new NoiseCipher(provider);
    this.#hash = name.length > HASH_BYTES ? provider.sha256(name) : padded(name);
    this.#chainingKey = this.#hash;
  }

  /** The same state once more: what happens to one doesn't happen to the other. */
  copy(): NoiseSymmetricState {
    const copy = new NoiseSymmetricState(this.#provider, '');
    copy.#cipher = this.#cipher.copy();
    copy.#chainingKey = this.#chainingKey;
    copy.#hash = this.#hash;
    return copy;
  }

  /** The handshake's hash so far: names this session, once the handshake is done (section 11.2). */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /** Bytes that encryption adds now. */
  get overheadBytes(): number {
    return this.#cipher.overheadBytes;
  }

  mixKey(input: Uint8Array): void {
    const keys = this.#derive(input);
    this.#chainingKey = keys.slice(0, HASH_BYTES);
    this.#cipher.initialize(keys.slice(HASH_BYTES));
  }

  mixHash(data: Uint8Array): void {
    const all = new Uint8Array(this.#hash.length + data.length);
    all.set(this.#hash);
    all.set(data, this.#hash.length);
    this.#hash = this.#provider.sha256(all);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher.encrypt(this.#hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(sealed: Uint8Array): NoiseRead {
    const read = this.#cipher.decrypt(this.#hash, sealed);
    if ('payload' in read) this.mixHash(sealed);
    return read;
  }

  /** The keys of both directions: the initiator's first. */
  split(): readonly [NoiseCipher, NoiseCipher] {
    const keys = this.#derive(NOTHING);
    return [
      new NoiseCipher(this.#provider, keys.slice(0, HASH_BYTES)),
      new NoiseCipher(this.#provider, keys.slice(HASH_BYTES)),
    ];
  }

  /** Noise's HKDF with two outputs (section 4.3) is RFC 5869's with the chaining key as salt and without info. */
  #derive(input: Uint8Array): Uint8Array {
    return this.#provider.hkdf(input, this.#chainingKey, NOTHING, 2 * HASH_BYTES);
  }
}

function padded(name: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  bytes.set(name);
  return bytes;
}
