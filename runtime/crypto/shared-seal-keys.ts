import { toHex } from '../core/ids.ts';
import type { CryptoProvider, SealKey } from './provider.ts';

/**
 * A provider that derives each (group key, salt) once for everybody who uses it. In a process with a thousand engines each
 * salt is otherwise derived, and its key kept, a thousand times.
 * @param sealKeysMax how many derived keys are kept; the oldest goes first.
 */
export function shareSealKeys(provider: CryptoProvider, sealKeysMax = 65_536): CryptoProvider {
  const shared = new Map<string, SealKey>();
  return {
    ...provider,
    sealKey(key, salt) {
      const name = toHex(key) + toHex(salt);
      const known = shared.get(name);
      if (known !== undefined) return known;
      const made = provider.sealKey(key, salt);
      if (shared.size >= sealKeysMax) {
        for (const oldest of shared.keys()) {
          shared.delete(oldest);
          break;
        }
      }
      shared.set(name, made);
      return made;
    },
  };
}
