import { parseAddress } from '../../core/address.ts';
import { toHex } from '../../core/ids.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { AdmissionLimits } from './limits.ts';

/** Sources that are remembered; who was heard longest ago is forgotten first. */
const ADDRESSES_MAX = 1024;
const NETWORKS_MAX = 256;

/**
 * Who may cost how much: a bucket for each address, one for each network, one for all. So a flooder uses up its own, then its
 * network's, and others still get in. The addresses must be proven: made-up ones would each have a bucket.
 */
export class SourceBudget {
  readonly #limits: AdmissionLimits;
  readonly #all: TokenBucket;
  readonly #addresses = new Map<string, TokenBucket>();
  readonly #networks = new Map<string, TokenBucket>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#all = new TokenBucket({ perSecond: limits.handshakesPerSecond, burst: limits.handshakesBurst });
  }

  /** Sources remembered at present. */
  get size(): number {
    return this.#addresses.size + this.#networks.size;
  }

  /** Takes one handshake for this address where all three buckets have it; the wider ones are asked last. */
  tryTake(nowMs: number, address: string): boolean {
    const { addressPerSecond, addressBurst, networkPerSecond, networkBurst } = this.#limits;
    const own = bucketOf(this.#addresses, address, ADDRESSES_MAX, {
      perSecond: addressPerSecond,
      burst: addressBurst,
    });
    if (!own.tryTake(nowMs)) return false;
    const network = bucketOf(this.#networks, networkOf(address), NETWORKS_MAX, {
      perSecond: networkPerSecond,
      burst: networkBurst,
    });
    return network.tryTake(nowMs) && this.#all.tryTake(nowMs);
  }
}

/** The network of an address, as far as one party may well hold all of it: IPv4 /24, IPv6 /64. */
export function networkOf(address: string): string {
  const bytes = parseAddress(address);
  return bytes === undefined ? address : toHex(bytes.subarray(0, bytes.length === 4 ? 3 : 8));
}

function bucketOf(
  buckets: Map<string, TokenBucket>,
  key: string,
  max: number,
  limits: { readonly perSecond: number; readonly burst: number },
): TokenBucket {
  const bucket = buckets.get(key) ?? new TokenBucket(limits);
  buckets.delete(key);
  if (buckets.size >= max) buckets.delete(buckets.keys().next().value as string);
  buckets.set(key, bucket);
  return bucket;
}
