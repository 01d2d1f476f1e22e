import { equalBytes } from '../core/bytes.ts';
import type { CryptoProvider, SealKey } from './provider.ts';

interface Shared {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly sealKey: SealKey;
}

/**
 * A provider that derives each (group key, salt) once for everybody who uses it. In a process with a thousand engines each
 * salt is otherwise derived, and its key kept, a thousand times.
 * @param sealKeysMax how many derived keys are kept; the oldest goes first.
 */
export function shareSealKeys(provider: CryptoProvider, sealKeysMax = 65_536): CryptoProvider {
  // By a part of both as a number: a text of all 48 bytes would cost more than the derivation. Of two that meet the newer stays.
  const shared = new Map<number, Shared>();
  let latestKey = new Uint8Array(0);
  return {
    ...provider,
    sealKey(key, salt) {
      const name = nameOf(key, salt);
      const known = shared.get(name);
      if (known !== undefined && equalBytes(known.salt, salt) && equalBytes(known.key, key))
        return known.sealKey;
      const sealKey = provider.sealKey(key, salt);
      if (shared.size >= sealKeysMax) {
        for (const oldest of shared.keys()) {
          shared.delete(oldest);
          break;
        }
      }
      // Nearly all belong to one key, of which one copy will do.
      if (!equalBytes(latestKey, key)) latestKey = new Uint8Array(key);
      shared.set(name, { key: latestKey, salt: new Uint8Array(salt), sealKey });
      return sealKey;
    },
  };
}

/** 21 bits of the salt joined with the key, and 32 bits of the salt: both are random. */
function nameOf(key: Uint8Array, salt: Uint8Array): number {
  const high = ((key[0] ^ salt[0]) << 16) | ((key[1] ^ salt[1]) << 8) | (key[2] ^ salt[2]);
  const low = (salt[3] << 24) | (salt[4] << 16) | (salt[5] << 8) | salt[6];
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0);
}
