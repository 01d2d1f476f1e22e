import { NODE_ID_BYTES, type NodeId, toHex } from '../core/ids.ts';
import type { CryptoProvider } from './provider.ts';
import { Secret } from './secret.ts';

/** Length of an Ed25519 seed (private key), in bytes (RFC 8032 section 5.1.5). */
export const SEED_BYTES = 32;

/** Who a node is: an Ed25519 key pair and the id made of its public half [P-1.2]. */
export interface Identity {
  readonly id: NodeId;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns the Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** The id of the node that holds this raw Ed25519 public key [P-1.2]. */
export function nodeIdOf(provider: CryptoProvider, publicKey: Uint8Array): NodeId {
  return toHex(provider.sha256(publicKey).subarray(0, NODE_ID_BYTES));
}

/** @param seed 32 random bytes; a copy is kept. @throws RangeError for another length. */
export function identityFromSeed(provider: CryptoProvider, seed: Uint8Array): Identity {
  if (seed.length !== SEED_BYTES)
    throw new RangeError(`identity seed: expected ${SEED_BYTES} bytes; got ${seed.length}`);
  const kept = new Secret(seed);
  const publicKey = provider.publicKey(seed);
  return {
    id: nodeIdOf(provider, publicKey),
    publicKey,
    sign: (message) => provider.sign(kept.reveal(), message),
  };
}
