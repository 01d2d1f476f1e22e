import { fromHex, isNodeId, toHex } from '../core/ids.ts';
import { KEY_CHANGES_MAX, KEYS_MAX } from '../core/key-views.ts';
import { isFingerprint, type NamedKey, nameKey } from './fingerprint.ts';
import { KeySet } from './key-set.ts';
import { type KeyChange, KeyState, type KeyUse, LAMPORT_MAX, type Stamp } from './key-state.ts';
import { groupKeyFrom } from './keyring.ts';
import type { CryptoProvider } from './provider.ts';
import { Secret } from './secret.ts';

/** How the key of the key file stands to what was kept. */
export type KeyFileStanding =
  /** It is among the keys that are read with. */
  | 'held'
  /** The cluster removed it: it isn't used. */
  | 'removed'
  /** Nothing is known of it: a person gave this node a new key, and it writes with that one. */
  | 'new';

/** A node's keys as bytes for its medium; they hold the keys themselves. */
export function encodeKeptKeys({ state, writing, held }: KeySet): Secret {
  const kept = {
    writes: writing.fingerprint,
    keys: held.map(({ key }) => toHex(key.key.reveal())),
    use: state.use ?? null,
    changes: state.changes,
  };
  return new Secret(new TextEncoder().encode(JSON.stringify(kept)));
}

/** @returns undefined where the bytes are not what `encodeKeptKeys` made. */
export function decodeKeptKeys(provider: CryptoProvider, bytes: Uint8Array): KeySet | undefined {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const { keys, changes, use, writes } = body;
  if (!isListOf(keys, KEYS_MAX, isKeyText) || !isListOf(changes, KEY_CHANGES_MAX, isChange)) return undefined;
  if (use !== null && !isUse(use)) return undefined;
  const held = keys.map((text) => nameKey(provider, groupKeyFrom(provider, fromHex(text))));
  const writing = held.find(({ fingerprint }) => fingerprint === writes);
  if (writing === undefined) return undefined;
  return KeySet.settle(KeyState.of(changes, use ?? undefined), writing, held);
}

/** The keys that a node starts with: those that it kept, and its key file's. */
export function startingKeys(
  kept: KeySet | undefined,
  configured: NamedKey,
): { readonly keys: KeySet; readonly standing: KeyFileStanding } {
  if (kept === undefined) return { keys: KeySet.of(configured), standing: 'held' };
  const { fingerprint } = configured;
  if (kept.find(fingerprint) !== undefined) return { keys: kept, standing: 'held' };
  if (!kept.state.wants(fingerprint)) return { keys: kept, standing: 'removed' };
  // Whoever was cut off is given the present key by hand: what it remembers of what to write with is of before.
  const others = kept.held.slice(0, KEYS_MAX - 1);
  return {
    keys: KeySet.settle(kept.state.withoutUse(), configured, [configured, ...others]),
    standing: 'new',
  };
}

function isListOf<T>(raw: unknown, max: number, is: (item: unknown) => item is T): raw is T[] {
  return Array.isArray(raw) && raw.length <= max && raw.every(is);
}

function isKeyText(raw: unknown): raw is string {
  return typeof raw === 'string' && /^[0-9a-f]{64}$/.test(raw);
}

function isStamp(raw: unknown): raw is Stamp {
  const { lamport, by } = (raw ?? {}) as Partial<Stamp>;
  return (
    Number.isInteger(lamport) &&
    Number(lamport) >= 1 &&
    Number(lamport) <= LAMPORT_MAX &&
    typeof by === 'string' &&
    isNodeId(by)
  );
}

function isUse(raw: unknown): raw is KeyUse {
  const { fingerprint, stamp } = (raw ?? {}) as Partial<KeyUse>;
  return isFingerprint(fingerprint) && isStamp(stamp);
}

function isChange(raw: unknown): raw is KeyChange {
  const { state } = (raw ?? {}) as Partial<KeyChange>;
  return isUse(raw) && (state === 'installed' || state === 'removed');
}
