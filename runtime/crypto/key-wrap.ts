import { fromHex } from '../core/ids.ts';
import type { Fingerprint } from '../core/key-views.ts';
import { fingerprintOf, type NamedKey } from './fingerprint.ts';
import { groupKeyFrom, KEY_BYTES } from './keyring.ts';
import type { CryptoProvider } from './provider.ts';

/** Length of a wrap's nonce, in bytes: 16 take the place of a salt, 8 of a counter. */
export const WRAP_NONCE_BYTES = 24;
/** Length of a wrapped key with its tag, in bytes. */
export const WRAPPED_BYTES = KEY_BYTES + 16;

const SALT_BYTES = 16;
const NO_SALT = new Uint8Array(0);
const encoder = new TextEncoder();

/** One key sealed with another [P-10.3]. */
export interface Wrap {
  /** The key that opens it. */
  readonly under: Fingerprint;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/**
 * Seals a key with another [P-10.3].
 * @param options.nonce 24 random bytes.
 */
export function wrapKey(
  provider: CryptoProvider,
  options: {
    readonly cluster: string;
    readonly under: NamedKey;
    readonly key: NamedKey;
    readonly nonce: Uint8Array;
  },
): Wrap {
  const { cluster, under, key, nonce } = options;
  const sealKey = provider.sealKey(wrappingKey(provider, cluster, under), nonce.subarray(0, SALT_BYTES));
  const aad = aadOf(cluster, under.fingerprint, key.fingerprint);
  const sealed = sealKey.seal(nonce.slice(SALT_BYTES), aad, key.key.key.reveal());
  return { under: under.fingerprint, nonce, sealed };
}

/**
 * Opens a wrap.
 * @returns the key, its fingerprint checked; undefined where it isn't one of this key under that.
 */
export function unwrapKey(
  provider: CryptoProvider,
  options: {
    readonly cluster: string;
    readonly under: NamedKey;
    readonly fingerprint: Fingerprint;
    readonly wrap: Wrap;
  },
): NamedKey | undefined {
  const { cluster, under, fingerprint, wrap } = options;
  const { nonce, sealed } = wrap;
  if (nonce.length !== WRAP_NONCE_BYTES || sealed.length !== WRAPPED_BYTES) return undefined;
  const sealKey = provider.sealKey(wrappingKey(provider, cluster, under), nonce.subarray(0, SALT_BYTES));
  const aad = aadOf(cluster, under.fingerprint, fingerprint);
  const bytes = sealKey.open(nonce.slice(SALT_BYTES), aad, sealed);
  if (bytes === undefined) return undefined;
  const key = groupKeyFrom(provider, bytes);
  return fingerprintOf(provider, key) === fingerprint ? { fingerprint, key } : undefined;
}

function wrappingKey(provider: CryptoProvider, cluster: string, { key }: NamedKey): Uint8Array {
  return provider.hkdf(
    key.key.reveal(),
    NO_SALT,
    encoder.encode(`gridvine/1 key wrap ${cluster}`),
    KEY_BYTES,
  );
}

function aadOf(cluster: string, under: Fingerprint, key: Fingerprint): Uint8Array {
  const name = encoder.encode(cluster);
  const label = encoder.encode('gridvine/1 key wrap');
  return Uint8Array.from([...label, name.length, ...name, ...fromHex(under), ...fromHex(key)]);
}
