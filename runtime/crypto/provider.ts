/**
 * The primitives that the protocol needs. Implementations are bit-identical: one peer can't tell which one another uses.
 * A `SealKey` is opaque, made once per (group key, salt) and used for many datagrams.
 */
export interface CryptoProvider {
  readonly name: 'noble' | 'node';
  sha256(data: Uint8Array): Uint8Array;
  /** HKDF-SHA256 (RFC 5869); `length` in bytes, at most 8160. */
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** The inner ChaCha20-Poly1305 key of one salt: HChaCha20(key, salt) [P-3.3]. `key` 32 bytes, `salt` 16. */
  sealKey(key: Uint8Array, salt: Uint8Array): SealKey;
  /** Ed25519 (RFC 8032): seed of 32 bytes -> raw public key of 32. */
  publicKey(seed: Uint8Array): Uint8Array;
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** ChaCha20-Poly1305 (RFC 8439) under one key; nonces are four zero bytes and an 8-byte counter. */
export interface SealKey {
  /** @returns ciphertext and tag: `plaintext.length + 16` bytes. */
  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @returns the plaintext, or undefined where the tag is wrong: never throws for what came from outside. */
  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}
