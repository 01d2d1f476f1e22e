import { formatAddress, parseAddress } from '../../core/address.ts';
import { TokenBucket } from '../../core/token-bucket.ts';

const SOURCES_MAX = 1_024;
/** Of an IPv6 address, the bytes that name a network: one party may well hold all of it. */
const NETWORK_BYTES = 8;

/** Whom bounds for one address hold for: an IPv4 address, or a whole IPv6 network of 64 bits. */
export function sourceOf(address: string): string {
  const bytes = parseAddress(address);
  if (bytes === undefined || bytes.length === 4) return address;
  return formatAddress(bytes.map((byte, i) => (i < NETWORK_BYTES ? byte : 0)));
}

/** How much each source may have of something; who was heard longest ago is forgotten first. */
export class SourceLimiter {
  readonly #limits: { readonly perSecond: number; readonly burst: number };
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limits: { readonly perSecond: number; readonly burst: number }) {
    this.#limits = limits;
  }

  take(source: string, nowMs: number, count = 1): boolean {
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#limits);
    this.#buckets.delete(source);
    if (this.#buckets.size >= SOURCES_MAX) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    this.#buckets.set(source, bucket);
    return bucket.tryTake(nowMs, count);
  }
}

/** Of the source that has most of them, the one that was used longest ago. */
export function busiest<T extends { readonly source: string; readonly usedMs: number }>(
  all: readonly T[],
): T | undefined {
  const counts = new Map<string, number>();
  for (const { source } of all) counts.set(source, (counts.get(source) ?? 0) + 1);
  const most = Math.max(...counts.values());
  let oldest: T | undefined;
  for (const one of all)
    if (counts.get(one.source) === most && (oldest === undefined || one.usedMs < oldest.usedMs)) oldest = one;
  return oldest;
}
