import type { RandomSource } from '../core/random.ts';
import { drawDelayMs, type Latency } from './latency.ts';
import { Nic } from './nic.ts';
import { TrafficMeter } from './traffic-meter.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A host's number: 0, 1, 2 ... in the order of their making. */
export type HostIndex = number;

/** What a link does to datagrams; shares are 0 to 1. */
export interface LinkQuality {
  readonly latency: Latency;
  readonly lossShare: number;
  readonly duplicateShare: number;
  /** Datagrams held back so long that later ones overtake them. */
  readonly reorderShare: number;
  /** Datagrams with one bit flipped. */
  readonly corruptShare: number;
}

/** A datagram that arrives. */
export interface Delivery {
  readonly from: HostIndex;
  readonly to: HostIndex;
  readonly multicast: boolean;
  /** From a connected socket: its sender is told where nobody listens. */
  readonly touch?: boolean;
  readonly bytes: Uint8Array;
}

export interface NetworkOptions {
  readonly clock: VirtualClock;
  readonly random: RandomSource;
  readonly quality: LinkQuality;
  /** What each host's interface can send. Default: no limit. */
  readonly bytesPerSecondMax?: number;
  readonly deliver: (delivery: Delivery) => void;
}

/** A reordered datagram is held back by up to this many typical delays. */
const REORDER_DELAYS = 4;

/**
 * A seeded network between hosts: unicast between any two, multicast within a segment. All links share one quality; rules
 * change it for single directions, partitions cut it between groups, and some directions may carry nothing for good. Each
 * host's traffic is counted, and goes through its interface.
 */
export class Network {
  readonly #clock: VirtualClock;
  readonly #random: RandomSource;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #segments: number[] = [];
  readonly #traffic: TrafficMeter[] = [];
  readonly #nics: Nic[] = [];
  readonly #bytesPerSecondMax: number;
  /** Directions that carry nothing, whatever else happens. */
  readonly #oneWay = new Map<HostIndex, Set<HostIndex>>();
  readonly #rules = new Map<HostIndex, Map<HostIndex, LinkQuality>>();
  #members: HostIndex[][] = [];
  #groupOf: number[] | undefined;
  #quality: LinkQuality;
  #carried = 0;

  constructor(options: NetworkOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#quality = options.quality;
    this.#deliver = options.deliver;
    this.#bytesPerSecondMax = options.bytesPerSecondMax ?? Number.POSITIVE_INFINITY;
  }

  /** Datagrams that arrived so far. */
  get carried(): number {
    return this.#carried;
  }

  get quality(): LinkQuality {
    return this.#quality;
  }

  addHost(options: { readonly segment: number }): HostIndex {
    const host = this.#segments.length;
    this.#segments.push(options.segment);
    this.#traffic.push(new TrafficMeter());
    this.#nics.push(new Nic(this.#bytesPerSecondMax));
    while (this.#members.length <= options.segment) this.#members.push([]);
    this.#members[options.segment].push(host);
    return host;
  }

  traffic(host: HostIndex): TrafficMeter {
    return this.#traffic[host];
  }

  /** Datagrams that a host's interface dropped because its queue was full. */
  queueDrops(host: HostIndex): number {
    return this.#nics[host].dropped;
  }

  /** Changes all links that have no rule. */
  setQuality(change: Partial<LinkQuality>): void {
    this.#quality = { ...this.#quality, ...change };
  }

  /** Gives one direction between two hosts a quality of its own. */
  setRule(link: { readonly from: HostIndex; readonly to: HostIndex }, change: Partial<LinkQuality>): void {
    let rules = this.#rules.get(link.from);
    if (rules === undefined) {
      rules = new Map();
      this.#rules.set(link.from, rules);
    }
    rules.set(link.to, { ...this.#quality, ...rules.get(link.to), ...change });
  }

  /** From now on nothing gets from the one to the other; healing doesn't change that. */
  cutForGood({ from, to }: { readonly from: HostIndex; readonly to: HostIndex }): void {
    const cuts = this.#oneWay.get(from) ?? new Set();
    this.#oneWay.set(from, cuts.add(to));
  }

  clearRules(): void {
    this.#rules.clear();
  }

  /** Cuts all links between hosts of different groups; hosts in none of the groups form one more. */
  partition(groups: readonly (readonly HostIndex[])[]): void {
    this.#groupOf = this.#segments.map(() => -1);
    for (const [number, group] of groups.entries()) for (const host of group) this.#groupOf[host] = number;
  }

  heal(): void {
    this.#groupOf = undefined;
  }

  /** Whether some links differ from the others. */
  get hasCuts(): boolean {
    return (
      this.#groupOf !== undefined ||
      this.#rules.size > 0 ||
      this.#oneWay.size > 0 ||
      this.#quality.lossShare >= 1
    );
  }

  /** Whether a datagram has any chance to get from one host to the other. */
  connects(from: HostIndex, to: HostIndex): boolean {
    const quality = this.#qualityOf(from, to);
    return quality !== undefined && quality.lossShare < 1;
  }

  unicast(
    from: HostIndex,
    to: HostIndex | undefined,
    bytes: Uint8Array,
    options: { readonly touch?: boolean } = {},
  ): void {
    const waitMs = this.#leave(from, bytes);
    if (to === undefined || waitMs === undefined) return;
    this.#carry({ from, to, multicast: false, bytes, ...options }, waitMs);
  }

  /** Calls back when what a kernel answers has got from one host to the other, or never: links treat it like any datagram. */
  answer(from: HostIndex, to: HostIndex, arrived: () => void): void {
    const quality = this.#qualityOf(from, to);
    if (quality === undefined || this.#happens(quality.lossShare)) return;
    this.#clock.after(this.#delayMs(quality), arrived);
  }

  /** To all hosts of the segment, the sender too: sockets hear their own multicasts. Counted as sent once. */
  multicast(from: HostIndex, bytes: Uint8Array): void {
    const waitMs = this.#leave(from, bytes);
    if (waitMs === undefined) return;
    for (const to of this.#members[this.#segments[from]]) {
      const delivery = { from, to, multicast: true, bytes };
      if (to === from) this.#arriveAfter(waitMs, delivery);
      else this.#carry(delivery, waitMs);
    }
  }

  /** Through the sender's interface. @returns when it is out, from now; undefined where it was dropped. */
  #leave(from: HostIndex, bytes: Uint8Array): number | undefined {
    const { nowMs } = this.#clock;
    const waitMs = this.#nics[from].send(nowMs, bytes.length);
    if (waitMs !== undefined) this.#traffic[from].countSent(nowMs, bytes.length);
    return waitMs;
  }

  #carry(sent: Delivery, waitMs: number): void {
    const quality = this.#qualityOf(sent.from, sent.to);
    if (quality === undefined || this.#happens(quality.lossShare)) return;
    const delivery = this.#happens(quality.corruptShare)
      ? { ...sent, bytes: this.#corrupted(sent.bytes) }
      : sent;
    this.#arriveAfter(waitMs + this.#delayMs(quality), delivery);
    if (this.#happens(quality.duplicateShare)) this.#arriveAfter(waitMs + this.#delayMs(quality), delivery);
  }

  /** undefined: the network is cut between them. */
  #qualityOf(from: HostIndex, to: HostIndex): LinkQuality | undefined {
    if (this.#groupOf !== undefined && this.#groupOf[from] !== this.#groupOf[to]) return undefined;
    if (this.#oneWay.size > 0 && this.#oneWay.get(from)?.has(to) === true) return undefined;
    const rule = this.#rules.size > 0 ? this.#rules.get(from)?.get(to) : undefined;
    return rule ?? this.#quality;
  }

  #arriveAfter(delayMs: number, delivery: Delivery): void {
    this.#clock.after(delayMs, () => {
      this.#carried++;
      if (delivery.from !== delivery.to) this.#traffic[delivery.to].countReceived(delivery.bytes.length);
      this.#deliver(delivery);
    });
  }

  #delayMs(quality: LinkQuality): number {
    const delayMs = drawDelayMs(quality.latency, this.#random);
    if (!this.#happens(quality.reorderShare)) return delayMs;
    const typicalMs = Math.max(1, quality.latency.delayMs + quality.latency.jitterMs);
    return delayMs + REORDER_DELAYS * typicalMs * this.#random.next();
  }

  #corrupted(bytes: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(bytes);
    const bit = Math.floor(this.#random.next() * copy.length * 8);
    copy[bit >> 3] ^= 1 << (bit & 7);
    return copy;
  }

  /** Draws only where it may happen, so that a fault that is off costs no randomness. */
  #happens(share: number): boolean {
    return share > 0 && this.#random.next() < share;
  }
}
