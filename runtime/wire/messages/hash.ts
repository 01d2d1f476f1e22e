/** Bytes of a table hash [P-7.1]. */
export const HASH_BYTES = 8;

/** The hash itself. @throws RangeError for another length: the sender's own bug. */
export function hashOf(hash: Uint8Array): Uint8Array {
  if (hash.length !== HASH_BYTES)
    throw new RangeError(`expected a hash of ${HASH_BYTES} bytes; got ${hash.length}`);
  return hash;
}
