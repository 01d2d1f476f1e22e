import type { CryptoProvider } from '../crypto/provider.ts';
import type { TestFunction } from './check.ts';
import { complyAsCryptoProvider } from './crypto-suite.ts';
import { complyForObjects } from './object-suite.ts';
import { complyAsX25519 } from './x25519-suite.ts';

/**
 * What holds for every `CryptoProvider`, by the vectors of the standards and the edge cases that libraries differ on: call it with your
 * framework's `test`.
 */
export function cryptoCompliance(test: TestFunction, provider: CryptoProvider): void {
  complyAsCryptoProvider(test, { provider, sealKeyOf: (key) => provider.cipherKey(key) });
  complyAsX25519(test, provider);
  complyForObjects(test, provider);
}
