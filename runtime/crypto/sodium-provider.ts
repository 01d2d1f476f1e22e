import type { Sodium } from 'libsodium';
import { shortLivedBytes } from '../core/byte-pool.ts';
import { hchacha20 } from './hchacha.ts';
import type { CryptoProvider, SealKey } from './provider.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const COUNTER_BYTES = 8;
const TAG_BYTES = 16;
/** What is longer goes to the other provider, to which a call's cost is nothing then: no datagram is. */
const TEXT_BYTES_MAX = 2_048;
const AAD_BYTES_MAX = 512;

/**
 * Seals and opens short messages with libsodium in WebAssembly, in a third of the time that calls of Node's own crypto take; and
 * refuses a forgery without an exception. Everything else is left to `base`. Loads the library: some 15 ms of processor time on a PC.
 */
export async function createSodiumProvider(base: CryptoProvider): Promise<CryptoProvider> {
  const { default: load } = await import('libsodium');
  const workspace = new Workspace(await load());
  const cipherKey = (key: Uint8Array) => new SodiumSealKey(workspace, key, base);
  return {
    ...base,
    name: 'sodium',
    cipherKey,
    sealKey: (key, salt) => cipherKey(hchacha20(key, salt)),
  };
}

class SodiumSealKey implements SealKey {
  readonly #workspace: Workspace;
  readonly #subkey: Uint8Array;
  readonly #base: CryptoProvider;
  #baseKey: SealKey | undefined;

  constructor(workspace: Workspace, subkey: Uint8Array, base: CryptoProvider) {
    if (subkey.length !== KEY_BYTES)
      throw new RangeError(`key: expected ${KEY_BYTES} bytes; got ${subkey.length}`);
    this.#workspace = workspace;
    this.#subkey = new Uint8Array(subkey);
    this.#base = base;
  }

  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target?: Uint8Array): Uint8Array {
    if (!fits(plaintext.length, aad)) return this.#other().seal(counter8, aad, plaintext, target);
    return this.#workspace.seal(this.#subkey, counter8, aad, plaintext, target);
  }

  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    if (!fits(sealed.length - TAG_BYTES, aad)) return this.#other().open(counter8, aad, sealed);
    return this.#workspace.open(this.#subkey, counter8, aad, sealed);
  }

  #other(): SealKey {
    this.#baseKey ??= this.#base.cipherKey(this.#subkey);
    return this.#baseKey;
  }
}

function fits(textLength: number, aad: Uint8Array): boolean {
  return textLength <= TEXT_BYTES_MAX && aad.length <= AAD_BYTES_MAX;
}

/** A piece of the library's memory, where one message at a time is worked on. */
class Workspace {
  readonly #sodium: Sodium;
  readonly #heap: Uint8Array;
  readonly #key: number;
  readonly #nonce: number;
  readonly #aad: number;
  readonly #text: number;
  readonly #sealed: number;

  constructor(sodium: Sodium) {
    this.#sodium = sodium;
    this.#key = sodium._malloc(KEY_BYTES + NONCE_BYTES + AAD_BYTES_MAX + 2 * TEXT_BYTES_MAX + TAG_BYTES);
    this.#nonce = this.#key + KEY_BYTES;
    this.#aad = this.#nonce + NONCE_BYTES;
    this.#text = this.#aad + AAD_BYTES_MAX;
    this.#sealed = this.#text + TEXT_BYTES_MAX;
    this.#heap = sodium.HEAPU8;
    this.#heap.fill(0, this.#nonce, this.#aad);
  }

  seal(
    key: Uint8Array,
    counter8: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    target: Uint8Array | undefined,
  ): Uint8Array {
    const { length } = plaintext;
    this.#prepare(key, counter8, aad);
    this.#heap.set(plaintext, this.#text);
    this.#sodium._crypto_aead_chacha20poly1305_ietf_encrypt(
      this.#sealed,
      0,
      this.#text,
      length,
      0,
      this.#aad,
      aad.length,
      0,
      0,
      this.#nonce,
      this.#key,
    );
    return this.#copy(this.#sealed, length + TAG_BYTES, target);
  }

  open(key: Uint8Array, counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    this.#prepare(key, counter8, aad);
    this.#heap.set(sealed, this.#sealed);
    const failed = this.#sodium._crypto_aead_chacha20poly1305_ietf_decrypt(
      this.#text,
      0,
      0,
      this.#sealed,
      sealed.length,
      0,
      this.#aad,
      aad.length,
      0,
      this.#nonce,
      this.#key,
    );
    return failed === 0 ? this.#copy(this.#text, sealed.length - TAG_BYTES, undefined) : undefined;
  }

  #prepare(key: Uint8Array, counter8: Uint8Array, aad: Uint8Array): void {
    this.#heap.set(key, this.#key);
    this.#heap.set(counter8, this.#nonce + NONCE_BYTES - COUNTER_BYTES);
    this.#heap.set(aad, this.#aad);
  }

  #copy(at: number, length: number, target = shortLivedBytes(length)): Uint8Array {
    target.set(this.#heap.subarray(at, at + length));
    return target;
  }
}
