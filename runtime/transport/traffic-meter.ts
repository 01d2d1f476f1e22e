import type { TransportTraffic } from './transport.ts';

interface Counts {
  rxBytes: number;
  txBytes: number;
  rxDatagrams: number;
  txDatagrams: number;
  rxDropped: number;
}

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

  snapshot(): TransportTraffic[] {
    return Array.from(this.#links, ([link, counts]) => ({ link, ...counts }));
  }

  #of(link: string): Counts {
    let counts = this.#links.get(link);
    if (counts === undefined) {
      counts = { rxBytes: 0, txBytes: 0, rxDatagrams: 0, txDatagrams: 0, rxDropped: 0 };
      this.#links.set(link, counts);
    }
    return counts;
  }
}
