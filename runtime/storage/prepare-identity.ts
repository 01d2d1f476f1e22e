import { BootCounter } from './boot-counter.ts';
import { type IdentityFileOptions, loadOrCreateSeed, type StoredSeed } from './identity-file.ts';
import { LeaseFile } from './lease-file.ts';

/**
 * Makes an identity before the first start of its node, or reads the one that is there. Only for whoever holds the data directory.
 * @throws GridvineError `E_IDENTITY`, `E_BOOT_COUNTER`.
 */
export async function prepareIdentity(options: IdentityFileOptions): Promise<StoredSeed> {
  const stored = await loadOrCreateSeed(options);
  // Without a counter, and a file of promises, its first start would take it for one that has lived before and lost them.
  if (stored.created) {
    await new BootCounter(options).advance('new');
    await new LeaseFile(options).load('new');
  }
  return stored;
}
