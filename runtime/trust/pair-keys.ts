import { NODE_ID_BYTES, type NodeId, writeHex } from '../core/ids.ts';
import { CLUSTER_NAME_BYTES_MAX } from '../core/limits.ts';
import type { AgreementKey } from '../crypto/agreement-key.ts';
import { HmacSha256 } from '../crypto/hmac.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { Secret } from '../crypto/secret.ts';

/** Whose X25519 key is whose, as certificates say. */
export interface AgreementKeys {
  readonly own: AgreementKey;
  /** Raw, 32 bytes; undefined while no certificate of the peer is known, or it is no longer valid. */
  of(peer: NodeId): Uint8Array | undefined;
}

/** What two nodes share, ready to be used. */
export interface PairKey {
  readonly secret: Secret;
  readonly hmac: HmacSha256;
}

interface Entry {
  readonly publicKey: Uint8Array;
  /** undefined: no key can be agreed with what the certificate holds. */
  readonly key: PairKey | undefined;
}

/** Pairs whose keys are kept: a node speaks with few at a time, and another agreement takes 0.1 ms. */
const PAIRS_MAX = 1_024;
const PAIR_KEY_BYTES = 32;
const NO_SALT = new Uint8Array(0);
const encoder = new TextEncoder();
const LABEL = encoder.encode('gridvine/1 pair');

/**
 * What this node has in common with each of the others, and nobody else has [P-6.20]. Agreed when first needed; the least recently
 * used goes first, and one whose certificate brought another key is agreed anew.
 */
export class PairKeys {
  readonly #provider: CryptoProvider;
  readonly #self: NodeId;
  readonly #cluster: Uint8Array;
  readonly #keys: AgreementKeys;
  readonly #pairsMax: number;
  readonly #entries = new Map<NodeId, Entry>();

  /** @param parts `pairsMax`: keys kept; more cost about 1 kB each. @throws RangeError for a cluster name that isn't 1 to 64 bytes. */
  constructor(parts: {
    provider: CryptoProvider;
    self: NodeId;
    cluster: string;
    keys: AgreementKeys;
    pairsMax?: number;
  }) {
    this.#provider = parts.provider;
    this.#self = parts.self;
    this.#cluster = encoder.encode(parts.cluster);
    const { length } = this.#cluster;
    if (length < 1 || length > CLUSTER_NAME_BYTES_MAX)
      throw new RangeError(`cluster name: expected 1 to ${CLUSTER_NAME_BYTES_MAX} bytes; got ${length}`);
    this.#keys = parts.keys;
    this.#pairsMax = parts.pairsMax ?? PAIRS_MAX;
  }

  /** Keys kept at present. */
  get size(): number {
    return this.#entries.size;
  }

  /** The key shared with this peer; undefined where its certificate isn't known, or holds no usable key. */
  of(peer: NodeId): PairKey | undefined {
    const publicKey = this.#keys.of(peer);
    const kept = this.#entries.get(peer);
    this.#entries.delete(peer);
    if (publicKey === undefined || peer === this.#self) return undefined;
    const entry =
      kept !== undefined && isSame(kept.publicKey, publicKey) ? kept : this.#agree(peer, publicKey);
    this.#entries.set(peer, entry);
    if (this.#entries.size > this.#pairsMax) this.#dropOldest();
    return entry.key;
  }

  #agree(peer: NodeId, publicKey: Uint8Array): Entry {
    const shared = this.#provider.agree(this.#keys.own.secret.reveal(), publicKey);
    const kept = new Uint8Array(publicKey);
    if (shared === undefined) return { publicKey: kept, key: undefined };
    const key = this.#provider.hkdf(shared, NO_SALT, this.#info(peer), PAIR_KEY_BYTES);
    return {
      publicKey: kept,
      key: { secret: new Secret(key), hmac: new HmacSha256(this.#provider, key) },
    };
  }

  /** `label | uint8 length | cluster name | lower id | higher id`. */
  #info(peer: NodeId): Uint8Array {
    const start = LABEL.length + 1 + this.#cluster.length;
    const info = new Uint8Array(start + 2 * NODE_ID_BYTES);
    info.set(LABEL);
    info[LABEL.length] = this.#cluster.length;
    info.set(this.#cluster, LABEL.length + 1);
    const [lower, higher] = peer < this.#self ? [peer, this.#self] : [this.#self, peer];
    writeHex(lower, info, start);
    writeHex(higher, info, start + NODE_ID_BYTES);
    return info;
  }

  #dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
