import { SEAL_TAG_BYTES } from '../../core/limits.ts';
import type { CryptoProvider, SealKey } from '../provider.ts';
import type { NoiseRead } from './noise-error.ts';

/** The nonce 2^64 - 1 is reserved (section 5.1); counting in a number ends long before. */
const NONCE_MAX = Number.MAX_SAFE_INTEGER;

/** A key and its nonce (Noise specification section 5.1): one direction of a finished handshake, or the handshake's own. */
export class NoiseCipher {
  readonly #provider: CryptoProvider;
  #key: SealKey | undefined;
  #nonce = 0;
  readonly #counter8 = new Uint8Array(8);
  readonly #view = new DataView(this.#counter8.buffer);

  constructor(provider: CryptoProvider, key?: Uint8Array) {
    this.#provider = provider;
    if (key !== undefined) this.initialize(key);
  }

  /** Sets a key of 32 bytes, and the nonce to 0. */
  initialize(key: Uint8Array): void {
    this.#key = this.#provider.cipherKey(key);
    this.#nonce = 0;
  }

  /** Another of the same key and nonce, for what may have to be taken back. */
  copy(): NoiseCipher {
    const copy = new NoiseCipher(this.#provider);
    copy.#key = this.#key;
    copy.#nonce = this.#nonce;
    return copy;
  }

  get hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** How much longer than its text a message gets. */
  get overheadBytes(): number {
    return this.hasKey ? SEAL_TAG_BYTES : 0;
  }

  /** Sets the nonce of the next message: for transports that lose or reorder. A nonce must not be used twice to encrypt. */
  setNonce(nonce: number): void {
    if (!(Number.isSafeInteger(nonce) && nonce >= 0))
      throw new RangeError(`nonce: expected an integer from 0 to 2^53 - 1; got ${nonce}`);
    this.#nonce = nonce;
  }

  /** @returns the ciphertext with its tag; without a key a copy of the text. @throws RangeError once the nonces are used up. */
  encrypt(aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (this.#key === undefined) return new Uint8Array(plaintext);
    if (this.#nonce >= NONCE_MAX) throw new RangeError('Noise: the nonces of this key are used up');
    return this.#key.seal(this.#next(), aad, plaintext);
  }

  /** Never throws for what came from outside; a message that doesn't open leaves the nonce as it was. */
  decrypt(aad: Uint8Array, sealed: Uint8Array): NoiseRead {
    if (this.#key === undefined) return { payload: new Uint8Array(sealed) };
    if (sealed.length < SEAL_TAG_BYTES) return { fault: 'truncated' };
    if (this.#nonce >= NONCE_MAX) return { fault: 'exhausted' };
    const nonce = this.#nonce;
    const payload = this.#key.open(this.#next(), aad, sealed);
    if (payload !== undefined) return { payload };
    this.#nonce = nonce;
    return { fault: 'forged' };
  }

  /** Four zero bytes and the nonce in little-endian order (section 12.3). */
  #next(): Uint8Array {
    const nonce = this.#nonce++;
    this.#view.setUint32(0, nonce % 0x1_0000_0000, true);
    this.#view.setUint32(4, Math.floor(nonce / 0x1_0000_0000), true);
    return this.#counter8;
  }
}
