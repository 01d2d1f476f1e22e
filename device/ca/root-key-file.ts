import { fromHex, toHex } from '#runtime/core/ids.ts';
import type { RandomSource } from '#runtime/core/random.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import type { CryptoProvider, ScryptCost } from '#runtime/crypto/provider.ts';
import { problemOfScryptCost } from '#runtime/crypto/scrypt-rules.ts';
import { openObject, sealObject, XCHACHA_NONCE_BYTES } from '#runtime/crypto/xchacha.ts';
import { decodeChecked, encodeChecked } from '#runtime/storage/checked-json.ts';
import { caError, passphraseError } from './ca-error.ts';

const SCHEMA = 'gridvine.ca-key/1';
const SALT_BYTES = 16;

/** What trying one passphrase costs: 128 MiB, and a third of a second on a desktop machine. */
export const KEY_FILE_COST: ScryptCost = { costLog2: 17, blockSize: 8, parallel: 1 };

/** What stands beside the sealed seed; all of it is bound to it. */
interface KeyFileHead {
  readonly cluster: string;
  readonly publicKey: string;
  readonly kdf: 'scrypt';
  readonly cost: ScryptCost;
  readonly salt: string;
  readonly nonce: string;
}

export interface KeySeal {
  readonly provider: CryptoProvider;
  readonly passphrase: Uint8Array;
}

/** The file of a root's key: its Ed25519 seed, sealed with a key made of the passphrase. */
export function encodeRootKey(
  { provider, passphrase }: KeySeal,
  root: {
    readonly cluster: string;
    readonly seed: Uint8Array;
    readonly random: RandomSource;
    readonly cost?: ScryptCost;
  },
): Uint8Array {
  const { cluster, seed, random, cost = KEY_FILE_COST } = root;
  const salt = random.bytes(SALT_BYTES);
  const nonce = random.bytes(XCHACHA_NONCE_BYTES);
  const publicKey = toHex(provider.publicKey(seed));
  const head: KeyFileHead = {
    cluster,
    publicKey,
    kdf: 'scrypt',
    cost,
    salt: toHex(salt),
    nonce: toHex(nonce),
  };
  const key = provider.scrypt(passphrase, salt, cost);
  const sealed = sealObject(provider, { key, nonce, aad: aadOf(head) }, seed);
  return encodeChecked(SCHEMA, { ...head, sealed: toHex(sealed) });
}

/**
 * Opens a root's key.
 * @throws GridvineError `E_PASSPHRASE` for a wrong passphrase, `E_CA` for a file that is cut, damaged or another root's.
 */
export function decodeRootKey(
  { provider, passphrase }: KeySeal,
  file: { readonly path: string; readonly bytes: Uint8Array; readonly publicKey: Uint8Array },
): Identity {
  const { path, bytes, publicKey } = file;
  const body = (decodeChecked(SCHEMA, bytes)?.body ?? {}) as Partial<KeyFileHead & { sealed: string }>;
  const head = headOf(body);
  if (head === undefined || !isHex(body.sealed))
    throw caError(`${path}: expected a root's key; the file is cut or damaged. Restore it from a backup`);
  if (head.publicKey !== toHex(publicKey))
    throw caError(
      `${path}: expected the key of ${toHex(publicKey)}; got that of ${head.publicKey}. Restore it from a backup`,
    );
  const key = provider.scrypt(passphrase, fromHex(head.salt), head.cost);
  const seal = { key, nonce: fromHex(head.nonce), aad: aadOf(head) };
  const seed = openObject(provider, seal, fromHex(body.sealed));
  if (seed === undefined) throw passphraseError(`${path}: wrong passphrase; nothing was changed`);
  return identityFromSeed(provider, seed);
}

function headOf(body: Partial<KeyFileHead>): KeyFileHead | undefined {
  const { cluster, publicKey, kdf, cost, salt, nonce } = body;
  if (typeof cluster !== 'string' || kdf !== 'scrypt' || typeof cost !== 'object' || cost === null)
    return undefined;
  const { costLog2, blockSize, parallel } = cost;
  const bounded: ScryptCost = { costLog2, blockSize, parallel };
  if (problemOfScryptCost(bounded) !== undefined) return undefined;
  if (!isHex(publicKey) || !isHex(salt) || !isHex(nonce) || nonce.length !== 2 * XCHACHA_NONCE_BYTES)
    return undefined;
  return { cluster, publicKey, kdf, cost: bounded, salt, nonce };
}

function isHex(text: unknown): text is string {
  return typeof text === 'string' && /^([0-9a-f]{2})+$/.test(text);
}

function aadOf(head: KeyFileHead): Uint8Array {
  return new TextEncoder().encode(`${SCHEMA}\n${JSON.stringify(head)}`);
}
