import { DATAGRAM_BYTES_MAX } from '../core/limits.ts';
import type { TrafficClass } from '../core/outputs.ts';

/** All classes, in their order of precedence. */
export const TRAFFIC_CLASSES: readonly TrafficClass[] = ['liveness', 'membership', 'data'];

/** Of an IP and a UDP header, by family: who pays for a link pays for these bytes too. */
export const HEADER_BYTES = { 4: 28, 6: 48 } as const;

/** The least that a link may be told to send, in bytes a second: a node of the `metered` preset still lives on it. */
export const LINK_BYTES_PER_SECOND_MIN = 100;
export const LINK_BYTES_PER_SECOND_MAX = 1_000_000_000;

/** What may leave at once. */
const BURST_S = 1;
/** A slow link's burst, in full datagrams: so many that the smallest reserve holds one. */
const BURST_DATAGRAMS_MIN = 12;

/**
 * The part of rate and burst that a class has for itself, whatever the others send. Liveness has most: without it members are taken for
 * down, while the rest only comes later. The other half is common.
 */
const RESERVED: Readonly<Record<TrafficClass, number>> = { liveness: 0.25, membership: 0.15, data: 0.1 };
const COMMON = 0.5;
/** The part of the common burst that a class leaves to those before it. */
const FLOOR: Readonly<Record<TrafficClass, number>> = { liveness: 0, membership: 0.25, data: 0.5 };

/**
 * What one link may send: `bytesPerSecond` on average, one second's worth (at least 12 full datagrams) at once. It has a pool for each
 * class, refilled by its reserved share, and a common one, of which the lower classes leave a part. A pool that is full runs over into
 * the common one, so an idle class's share is used by the others. Holds, whatever the others send:
 * - liveness up to 75 % of the rate (and 37.5 % of the burst at once) is never refused;
 * - membership up to 15 %, and data up to 10 %, of rate and burst never is either.
 */
export class LinkBudget {
  readonly bytesPerSecond: number;
  /** In bytes. */
  readonly burst: number;
  readonly #pools: Record<TrafficClass, number>;
  #common: number;
  #atMs: number | undefined;

  /** Full at the start. @param options.bytesPerSecond with IP and UDP headers. */
  constructor({ bytesPerSecond }: { readonly bytesPerSecond: number }) {
    this.bytesPerSecond = bytesPerSecond;
    this.burst = Math.max(
      bytesPerSecond * BURST_S,
      BURST_DATAGRAMS_MIN * (DATAGRAM_BYTES_MAX + HEADER_BYTES[6]),
    );
    this.#pools = {
      liveness: RESERVED.liveness * this.burst,
      membership: RESERVED.membership * this.burst,
      data: RESERVED.data * this.burst,
    };
    this.#common = COMMON * this.burst;
  }

  /**
   * Asks for a datagram. @param bytes with its headers.
   * @returns whether it may leave; if so its bytes are spent, else nothing is.
   */
  take(bytes: number, trafficClass: TrafficClass, nowMs: number): boolean {
    this.#refill(nowMs);
    const common = Math.max(0, this.#common - FLOOR[trafficClass] * COMMON * this.burst);
    if (bytes > common + this.#pools[trafficClass]) return false;
    // What belongs to this class alone is spent last: it is there when the others have taken the rest.
    const fromCommon = Math.min(bytes, common);
    this.#common -= fromCommon;
    this.#pools[trafficClass] -= bytes - fromCommon;
    return true;
  }

  #refill(nowMs: number): void {
    const earned = (Math.max(0, nowMs - (this.#atMs ?? nowMs)) * this.bytesPerSecond) / 1_000;
    this.#atMs = Math.max(nowMs, this.#atMs ?? nowMs);
    const common =
      earned * COMMON +
      this.#fill('data', earned * RESERVED.data) +
      this.#fill('membership', earned * RESERVED.membership);
    // Liveness has the first call on it: else its pool, emptied at once, would fill by its own share only while the others take the rest.
    const over = this.#fill('liveness', earned * RESERVED.liveness + common);
    this.#common = Math.min(COMMON * this.burst, this.#common + over);
  }

  /** @returns what the pool doesn't hold. */
  #fill(trafficClass: TrafficClass, bytes: number): number {
    const level = this.#pools[trafficClass] + bytes;
    const full = RESERVED[trafficClass] * this.burst;
    this.#pools[trafficClass] = Math.min(full, level);
    return Math.max(0, level - full);
  }
}
