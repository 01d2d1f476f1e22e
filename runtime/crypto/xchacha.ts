import { SEAL_TAG_BYTES } from '../core/limits.ts';
import type { CryptoProvider } from './provider.ts';

/** Length of an XChaCha20-Poly1305 nonce, in bytes: long enough to be drawn at random for each object. */
export const XCHACHA_NONCE_BYTES = 24;

/** What seals one object at rest. */
export interface ObjectSeal {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 24 bytes, never used twice under one key. */
  readonly nonce: Uint8Array;
  /** What is bound to the object without being in it. */
  readonly aad: Uint8Array;
}

/**
 * XChaCha20-Poly1305 in one go (draft-irtf-cfrg-xchacha-03 section 2.3), for objects at rest; datagrams go through `sealKey`.
 * @returns ciphertext and tag. @throws RangeError for a key or nonce of another length.
 */
export function sealObject(provider: CryptoProvider, seal: ObjectSeal, plaintext: Uint8Array): Uint8Array {
  const { nonce, aad } = checked(seal);
  return provider.sealKey(seal.key, nonce.subarray(0, 16)).seal(nonce.subarray(16), aad, plaintext);
}

/** @returns what was sealed, or undefined where key, nonce, aad or a byte is another. @throws as `sealObject`. */
export function openObject(
  provider: CryptoProvider,
  seal: ObjectSeal,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const { nonce, aad } = checked(seal);
  if (sealed.length < SEAL_TAG_BYTES) return undefined;
  return provider.sealKey(seal.key, nonce.subarray(0, 16)).open(nonce.subarray(16), aad, sealed);
}

function checked(seal: ObjectSeal): ObjectSeal {
  if (seal.nonce.length !== XCHACHA_NONCE_BYTES)
    throw new RangeError(`nonce: expected ${XCHACHA_NONCE_BYTES} bytes; got ${seal.nonce.length}`);
  return seal;
}
