import type { CryptoProvider } from './provider.ts';

const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA256 (RFC 2104) under one key, for many short messages.
 * @param key of at most 64 bytes. @throws RangeError for a longer one: keys of ours are 32.
 */
export class HmacSha256 {
  readonly #provider: CryptoProvider;
  readonly #inner: Uint8Array;
  readonly #outer: Uint8Array;

  constructor(provider: CryptoProvider, key: Uint8Array) {
    if (key.length > BLOCK_BYTES)
      throw new RangeError(`HMAC key: expected at most ${BLOCK_BYTES} bytes; got ${key.length}`);
    this.#provider = provider;
    this.#inner = padded(key, INNER);
    this.#outer = padded(key, OUTER);
  }

  /** @returns 32 bytes. */
  of(message: Uint8Array): Uint8Array {
    const { sha256 } = this.#provider;
    return sha256(joined(this.#outer, sha256(joined(this.#inner, message))));
  }
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key);
  return block.map((byte) => byte ^ pad);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
