import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromHex, type NodeId, toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { Sealer } from '#runtime/wire/sealer.ts';

/** What several targets stand on. */
export const CLUSTER = 'home';
export const SELF: NodeId = 'aa'.repeat(16);
export const PEER: NodeId = 'be'.repeat(16);
export const STRANGER: NodeId = 'ce'.repeat(16);
export const provider = createNodeProvider();
export const groupKey = groupKeyOf(provider, new Uint8Array(32).fill(1), CLUSTER);
export const keyring = new Keyring(groupKey);

const VECTORS = resolve(import.meta.dirname, '../../test/vectors');

/** A file of golden vectors. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(VECTORS, name), 'utf8')) as T;
}

/** All texts of hex in a file of vectors that stand under one of these names, wherever. */
export function hexOf(name: string, ...keys: readonly string[]): Uint8Array[] {
  const found = new Set<string>();
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (keys.includes(key) && /^([0-9a-f]{2})*$/.test(value)) found.add(value);
    } else if (Array.isArray(value)) for (const item of value) walk(item, key);
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) walk(item, name);
  };
  walk(vectors(name), '');
  return [...found].map(fromHex);
}

export function sealerOf(seed: number): Sealer {
  return new Sealer({ provider, cluster: CLUSTER, keyring, random: new SeededRandom(seed) });
}

/**
 * Node's provider with signatures that are hashes: whoever fuzzes what is signed must be able to sign each input, ten times
 * faster than Ed25519 can. Nothing else about it differs, and a signature of another key or text still doesn't verify.
 */
export function quickProvider(): CryptoProvider {
  const publicKeys = new Map<string, Uint8Array>();
  const publicKey = (seed: Uint8Array) => {
    const name = toHex(seed);
    const known = publicKeys.get(name) ?? provider.publicKey(seed);
    publicKeys.set(name, known);
    return known;
  };
  const signatureOf = (key: Uint8Array, message: Uint8Array) => {
    const input = new Uint8Array(key.length + message.length);
    input.set(key);
    input.set(message, key.length);
    const half = provider.sha256(input);
    const signature = new Uint8Array(64);
    signature.set(half);
    signature.set(half, 32);
    return signature;
  };
  return {
    ...provider,
    publicKey,
    sign: (seed, message) => signatureOf(publicKey(seed), message),
    verify: (key, message, signature) => toHex(signatureOf(key, message)) === toHex(signature),
  };
}

/** X25519 that costs a hash: as commutative as the true one, so that handshakes succeed. */
export function quickAgreement(): CryptoProvider {
  const quick = quickProvider();
  return {
    ...quick,
    agreementPublicKey: (secret) => secret.map((byte) => byte ^ 0x5a),
    agree(secret, publicKey) {
      if (publicKey.length !== 32 || publicKey.every((byte) => byte === 0)) return undefined;
      const shared = new Uint8Array(32);
      for (let i = 0; i < 32; i++) shared[i] = secret[i] ^ 0x5a ^ publicKey[i];
      return quick.sha256(shared);
    },
  };
}
