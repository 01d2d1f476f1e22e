import { shortLivedBytes } from '../core/byte-pool.ts';
import { SEAL_TAG_BYTES } from '../core/limits.ts';
import type { CryptoProvider, SealKey } from '../crypto/provider.ts';
import { readUint32, writeUint32 } from '../wire/header.ts';

const LANES = SEAL_TAG_BYTES / 4;
const LANE_STEP = 0x9e3779b9;

/**
 * A provider whose sealing is only modelled: the text stays clear and a 16-byte checksum over key, counter, associated data and
 * text takes the tag's place. Sizes and refusals are those of the real thing, the time isn't. For simulations only; no secrecy.
 */
export function modelSealing(provider: CryptoProvider): CryptoProvider {
  return {
    ...provider,
    sealKey: (key, salt) => new ModelledSealKey(checksum(checksum(0x811c9dc5, key), salt)),
  };
}

class ModelledSealKey implements SealKey {
  readonly #key: number;

  constructor(key: number) {
    this.#key = key;
  }

  seal(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const sealed = shortLivedBytes(plaintext.length + SEAL_TAG_BYTES);
    sealed.set(plaintext);
    const sum = this.#sum(counter8, aad, plaintext);
    for (let lane = 0; lane < LANES; lane++)
      writeUint32(sealed, plaintext.length + 4 * lane, laneOf(sum, lane));
    return sealed;
  }

  open(counter8: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - SEAL_TAG_BYTES;
    if (length < 0) return undefined;
    const plaintext = sealed.subarray(0, length);
    const sum = this.#sum(counter8, aad, plaintext);
    for (let lane = 0; lane < LANES; lane++) {
      if (readUint32(sealed, length + 4 * lane) !== laneOf(sum, lane)) return undefined;
    }
    return plaintext;
  }

  #sum(counter8: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): number {
    return checksum(checksum(checksum(this.#key, counter8), aad), plaintext);
  }
}

function laneOf(sum: number, lane: number): number {
  return Math.imul(sum ^ (lane * LANE_STEP), 0x85ebca6b) >>> 0;
}

/** FNV-1a. Each step is a bijection of the state, so that no single flipped bit goes unnoticed. */
function checksum(start: number, bytes: Uint8Array): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i], 0x01000193);
  return Math.imul(sum ^ bytes.length, 0x01000193);
}
