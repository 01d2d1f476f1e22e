import type { CryptoProvider } from './provider.ts';
import { Secret } from './secret.ts';

/** Length of a pre-shared key and of a group key, in bytes [P-2.1]. */
export const KEY_BYTES = 32;

/** A key that seals a cluster's datagrams, with its 16-bit hint [P-2.2]. */
export interface GroupKey {
  readonly key: Secret;
  readonly id: number;
}

const encoder = new TextEncoder();
const KEY_ID_LABEL = encoder.encode('gridvine/1 key id');
const NO_SALT = new Uint8Array(0);

/**
 * Derives the group key of a cluster from its pre-shared key [P-2.1], and the key's id [P-2.2].
 * @param psk 32 bytes. @throws RangeError for another length.
 */
export function groupKeyOf(provider: CryptoProvider, psk: Uint8Array, cluster: string): GroupKey {
  if (psk.length !== KEY_BYTES)
    throw new RangeError(`pre-shared key: expected ${KEY_BYTES} bytes; got ${psk.length}`);
  return groupKeyFrom(
    provider,
    provider.hkdf(psk, NO_SALT, encoder.encode(`gridvine/1 group key ${cluster}`), KEY_BYTES),
  );
}

/** A group key's 32 bytes with their id [P-2.2]. @throws RangeError for another length. */
export function groupKeyFrom(provider: CryptoProvider, key: Uint8Array): GroupKey {
  if (key.length !== KEY_BYTES)
    throw new RangeError(`group key: expected ${KEY_BYTES} bytes; got ${key.length}`);
  const labelled = new Uint8Array(KEY_ID_LABEL.length + key.length);
  labelled.set(KEY_ID_LABEL);
  labelled.set(key, KEY_ID_LABEL.length);
  const hash = provider.sha256(labelled);
  return { key: new Secret(key), id: (hash[0] << 8) | hash[1] };
}

/** Several group keys: one writes, all read. Immutable; a change is a new keyring. */
export class Keyring {
  readonly writing: GroupKey;
  /** Every key that opens, the writing one first. */
  readonly keys: readonly GroupKey[];
  readonly #byId: ReadonlyMap<number, readonly GroupKey[]>;

  constructor(writing: GroupKey, others: readonly GroupKey[] = []) {
    const keys = [writing];
    for (const other of others) if (!keys.some((key) => key.key.equals(other.key))) keys.push(other);
    const byId = new Map<number, GroupKey[]>();
    for (const key of keys) byId.set(key.id, [...(byId.get(key.id) ?? []), key]);
    this.writing = writing;
    this.keys = keys;
    this.#byId = byId;
  }

  /** The keys that a datagram with this key id may be sealed with: none, one, or (rarely) several [P-2.2]. */
  readable(keyId: number): readonly GroupKey[] {
    return this.#byId.get(keyId) ?? NO_KEYS;
  }

  /** Whether this keyring opens what the key sealed. */
  has(key: GroupKey): boolean {
    return this.readable(key.id).some((own) => own.key.equals(key.key));
  }
}

const NO_KEYS: readonly GroupKey[] = [];

/**
 * Reads a pre-shared key as it stands in a file: base64 of exactly 32 bytes, standard or URL-safe alphabet; white space
 * around and within is ignored, and so is missing padding.
 * @returns undefined where it isn't that.
 */
export function parsePsk(text: string): Uint8Array | undefined {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(compact)) return undefined;
  const standard = compact.slice(0, 43).replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(`${standard}=`), (char) => char.charCodeAt(0));
  return bytes.length === KEY_BYTES ? bytes : undefined;
}

/** A pre-shared key as text: base64 with padding, 44 characters. @throws RangeError where it isn't 32 bytes. */
export function formatPsk(psk: Uint8Array): string {
  if (psk.length !== KEY_BYTES)
    throw new RangeError(`pre-shared key: expected ${KEY_BYTES} bytes; got ${psk.length}`);
  return btoa(String.fromCharCode(...psk));
}
