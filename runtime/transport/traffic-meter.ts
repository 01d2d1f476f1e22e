import type { TrafficClass } from '../core/outputs.ts';
import type { TransportTraffic } from './transport.ts';

type Counts = {
  -readonly [K in Exclude<keyof TransportTraffic, 'link' | 'txDropped'>]: TransportTraffic[K];
} & {
  readonly txDropped: Record<TrafficClass, number>;
};

/** Counts what each link carries, in payload bytes. Links are the host's own, so there are few. */
export class TrafficMeter {
  readonly #links = new Map<string, Counts>();

  received(link: string, bytes: number): void {
    const counts = this.#of(link);
    counts.rxDatagrams++;
    counts.rxBytes += bytes;
  }

  sent(link: string, bytes: number): void {
    const counts = this.#of(link);
    counts.txDatagrams++;
    counts.txBytes += bytes;
  }

  /** Datagrams that the kernel dropped before anybody saw them. */
  dropped(link: string, datagrams: number): void {
    this.#of(link).rxDropped += datagrams;
  }

  /** A datagram didn't fit into the link's budget and was not sent. */
  refused(link: string, trafficClass: TrafficClass): void {
    this.#of(link).txDropped[trafficClass]++;
  }

  snapshot(): TransportTraffic[] {
    return Array.from(this.#links, ([link, { txDropped, ...counts }]) => ({
      link,
      ...counts,
      txDropped: { ...txDropped },
    }));
  }

  #of(link: string): Counts {
    let counts = this.#links.get(link);
    if (counts === undefined) {
      counts = {
        rxBytes: 0,
        txBytes: 0,
        rxDatagrams: 0,
        txDatagrams: 0,
        rxDropped: 0,
        txDropped: { liveness: 0, membership: 0, data: 0 },
      };
      this.#links.set(link, counts);
    }
    return counts;
  }
}
