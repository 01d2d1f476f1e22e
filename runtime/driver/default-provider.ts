import { createNodeProvider } from '../crypto/node-provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { createSodiumProvider } from '../crypto/sodium-provider.ts';

/**
 * The fastest provider that runs here: libsodium seals datagrams and Node's own crypto does the rest; where there is no WebAssembly,
 * Node's does all. Never rejects. @param onFallback hears why libsodium isn't used.
 */
export async function createDefaultProvider(
  onFallback: (error: unknown) => void = () => undefined,
): Promise<CryptoProvider> {
  const node = createNodeProvider();
  try {
    return await createSodiumProvider(node);
  } catch (error) {
    onFallback(error);
    return node;
  }
}
