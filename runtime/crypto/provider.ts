/**
 * The primitives that the protocol needs. Implementations are bit-identical: one peer can't tell which one another uses.
 * A `SealKey` is opaque, made once per (group key, salt) and used for many datagrams.
 */
export interface CryptoProvider {
  /** For people: `noble`, `node` and `sodium` are ours. */
  readonly name: string;
  sha256(data: Uint8Array): Uint8Array;
  /** HKDF-SHA256 (RFC 5869); `length` in bytes, at most 8160. */
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** ChaCha20-Poly1305 under a 32-byte key as it is: for handshakes and for objects at rest, which bring their own keys. */
  cipherKey(key: Uint8Array): SealKey;
  /** The inner ChaCha20-Poly1305 key of one salt: HChaCha20(key, salt) [P-3.3]. `key` 32 bytes, `salt` 16. */
  sealKey(key: Uint8Array, salt: Uint8Array): SealKey;
  /** Ed25519 (RFC 8032): seed of 32 bytes -> raw public key of 32. */
  publicKey(seed: Uint8Array): Uint8Array;
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** X25519 (RFC 7748 section 5): any 32 bytes are a secret key -> raw public key of 32. */
  agreementPublicKey(secret: Uint8Array): Uint8Array;
  /**
   * X25519: what the holders of two key pairs have in common.
   * @returns undefined where it would be all zeros (RFC 7748 section 6.1: the public key is of small order, so the result would
   * be known to anybody) or the public key isn't 32 bytes: never throws for what came from outside.
   */
  agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
  /**
   * scrypt (RFC 7914): a key of 32 bytes from a passphrase. Takes 128 * 2^costLog2 * blockSize bytes of memory while it runs.
   * @throws RangeError where a parameter is outside of what `ScryptCost` allows.
   */
  scrypt(passphrase: Uint8Array, salt: Uint8Array, cost: ScryptCost): Uint8Array;
}

/** What a passphrase's derivation costs; kept in the file that it protects. */
export interface ScryptCost {
  /** Logarithm of N, 10 to 20. */
  readonly costLog2: number;
  /** r, 1 to 16. */
  readonly blockSize: number;
  /** p, 1 to 4. */
  readonly parallel: number;
}

/** ChaCha20-Poly1305 (RFC 8439) under one key; nonces are four zero bytes and an 8-byte counter. */
export interface SealKey {
  /**
   * @param target of `plaintext.length + 16` bytes, which an implementation may use for what it returns.
   * @returns ciphertext and tag: `plaintext.length + 16` bytes.
   */
  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, target?: Uint8Array): Uint8Array;
  /** @returns the plaintext, or undefined where the tag is wrong: never throws for what came from outside. */
  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}
