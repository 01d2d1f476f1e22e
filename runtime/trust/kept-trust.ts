import { fromHex, toHex } from '../core/ids.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { Secret } from '../crypto/secret.ts';
import { CHAIN_LENGTH_MAX } from '../pki/chain.ts';
import { decodeRoot } from '../pki/root.ts';
import type { TrustAnchors } from '../pki/trust-anchors.ts';
import { EPOCH_NUMBER_MAX, EPOCH_SECRET_BYTES, type Epoch, epochOf, REVOCATION_MARK_BYTES } from './epoch.ts';
import { WARRANT_BYTES_MAX } from './epoch-warrant.ts';
import type { TrustState } from './trust.ts';

const EPOCHS_MAX = 8;
const HEX = /^(?:[0-9a-f]{2})*$/;

/** What became of bytes that an earlier life kept. */
export type KeptTrust =
  | { readonly state: TrustState }
  /** Of another cluster, or of a CA that this node trusts no more: worth nothing here. */
  | 'foreign'
  /** No such thing. */
  | 'damaged';

/** What a node keeps of a cluster of certificates, as bytes for its medium; they hold the secrets of its epochs. */
export function encodeKeptTrust(provider: CryptoProvider, anchors: TrustAnchors, state: TrustState): Secret {
  const { law, epochs, chain } = state;
  const kept = {
    cluster: anchors.cluster,
    roots: [...rootsOf(anchors), ...endorsedRoots(provider, law.objects)],
    floorSeconds: law.floorSeconds,
    objects: law.objects.map(toHex),
    chain: chain?.map(toHex) ?? [],
    epochs: epochs.map(({ number, secret, revocations, warrant }) => ({
      number,
      secret: toHex(secret.reveal()),
      revocations: toHex(revocations),
      warrant: toHex(warrant),
    })),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(kept));
  const secret = new Secret(bytes);
  bytes.fill(0);
  return secret;
}

/**
 * Reads what `encodeKeptTrust` made. What the law says is judged by whoever takes it up; epochs are taken as they are, so that the
 * bytes must come from where nobody else can write. Never throws.
 */
export function decodeKeptTrust(
  provider: CryptoProvider,
  anchors: TrustAnchors,
  bytes: Uint8Array,
): KeptTrust {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch {
    return 'damaged';
  }
  if (typeof body !== 'object' || body === null) return 'damaged';
  const { cluster, roots, floorSeconds, objects, epochs, chain } = body;
  if (typeof cluster !== 'string' || !isListOf(roots, isHex) || !isListOf(objects, isHex)) return 'damaged';
  if (!(Number.isSafeInteger(floorSeconds) && Number(floorSeconds) >= 0)) return 'damaged';
  if (!isListOf(chain, isHex) || chain.length > CHAIN_LENGTH_MAX) return 'damaged';
  if (!isListOf(epochs, isKeptEpoch) || epochs.length > EPOCHS_MAX) return 'damaged';
  if (cluster !== anchors.cluster || !rootsOf(anchors).some((kid) => roots.includes(kid))) return 'foreign';
  const law = { objects: objects.map(fromHex), floorSeconds: Number(floorSeconds) };
  const state = { law, epochs: epochs.map((kept) => epochFrom(provider, kept)) };
  return { state: chain.length === 0 ? state : { ...state, chain: chain.map(fromHex) } };
}

interface KeptEpoch {
  readonly number: number;
  readonly secret: string;
  readonly revocations: string;
  readonly warrant: string;
}

function epochFrom(provider: CryptoProvider, { number, ...kept }: KeptEpoch): Epoch {
  const secret = fromHex(kept.secret);
  const revocations = fromHex(kept.revocations);
  const epoch = epochOf(provider, { number, secret, revocations, warrant: fromHex(kept.warrant) });
  secret.fill(0);
  return epoch;
}

function rootsOf(anchors: TrustAnchors): string[] {
  return anchors.roots.map(({ kid }) => toHex(kid));
}

/** Roots that count by the word of one that a person named: a later life may be told of these alone. */
function endorsedRoots(provider: CryptoProvider, objects: readonly Uint8Array[]): string[] {
  return objects.flatMap((bytes) => {
    const root = decodeRoot(provider, bytes);
    return 'value' in root ? [toHex(root.value.kid)] : [];
  });
}

function isListOf<T>(raw: unknown, is: (item: unknown) => item is T): raw is T[] {
  return Array.isArray(raw) && raw.every(is);
}

function isHex(raw: unknown): raw is string {
  return typeof raw === 'string' && HEX.test(raw);
}

function isKeptEpoch(raw: unknown): raw is KeptEpoch {
  const { number, secret, revocations, warrant } = (raw ?? {}) as Partial<KeptEpoch>;
  if (!(Number.isInteger(number) && Number(number) >= 1 && Number(number) <= EPOCH_NUMBER_MAX)) return false;
  if (!isHex(secret) || secret.length !== 2 * EPOCH_SECRET_BYTES) return false;
  if (!isHex(revocations) || revocations.length !== 2 * REVOCATION_MARK_BYTES) return false;
  return isHex(warrant) && warrant.length <= 2 * WARRANT_BYTES_MAX;
}
