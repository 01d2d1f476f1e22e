import { toHex } from '../core/ids.ts';
import { FINGERPRINT_BYTES, type Fingerprint } from '../core/key-views.ts';
import type { GroupKey } from './keyring.ts';
import type { CryptoProvider } from './provider.ts';

const LABEL = new TextEncoder().encode('gridvine/1 key fingerprint');

/** A group key with the name that it is known by. */
export interface NamedKey {
  readonly fingerprint: Fingerprint;
  readonly key: GroupKey;
}

/** The first 8 bytes of SHA-256(label | group key) [P-10.1]. */
export function fingerprintOf(provider: CryptoProvider, { key }: GroupKey): Fingerprint {
  const bytes = key.reveal();
  const labelled = new Uint8Array(LABEL.length + bytes.length);
  labelled.set(LABEL);
  labelled.set(bytes, LABEL.length);
  return toHex(provider.sha256(labelled).subarray(0, FINGERPRINT_BYTES));
}

export function nameKey(provider: CryptoProvider, key: GroupKey): NamedKey {
  return { fingerprint: fingerprintOf(provider, key), key };
}

/** Whether the text has the form of a fingerprint. */
export function isFingerprint(text: unknown): text is Fingerprint {
  return typeof text === 'string' && /^[0-9a-f]{16}$/.test(text);
}
