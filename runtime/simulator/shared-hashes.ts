import type { CryptoProvider } from '../crypto/provider.ts';
import { ContentCache } from './content-cache.ts';

const HASHES_MAX = 65_536;
/** What is hashed over and over is short: the lines of an owner [P-7.1]. */
const INPUT_BYTES_MAX = 64;

/** A provider that hashes each short input once for everybody who uses it: each line of an owner is hashed by every node. */
export function shareHashes(provider: CryptoProvider): CryptoProvider {
  const shared = new ContentCache<Uint8Array>(HASHES_MAX);
  return {
    ...provider,
    sha256(data) {
      if (data.length > INPUT_BYTES_MAX) return provider.sha256(data);
      const known = shared.get(data);
      if (known !== undefined) return known;
      const hash = provider.sha256(data);
      shared.set(data.slice(), hash);
      return hash;
    },
  };
}
