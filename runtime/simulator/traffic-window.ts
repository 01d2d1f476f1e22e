import type { Network } from './network.ts';
import { type MeanMax, meanMax } from './statistics.ts';
import type { Traffic } from './traffic-meter.ts';

/** Traffic per node and second, over a stretch of a run. */
export interface TrafficRates {
  /** UDP payload sent; a multicast counts once. */
  readonly bytesPerNodePerSecond: MeanMax;
  readonly receivedBytesPerNodePerSecond: MeanMax;
  readonly datagramsPerNodePerSecond: MeanMax;
}

/** Measures the traffic of all hosts from its making on. */
export class TrafficWindow {
  readonly #network: Network;
  readonly #before: readonly Traffic[];
  readonly #startMs: number;

  constructor(network: Network, now: { readonly hosts: number; readonly nowMs: number }) {
    this.#network = network;
    this.#startMs = now.nowMs;
    this.#before = Array.from({ length: now.hosts }, (_, host) => network.traffic(host).total);
  }

  /** @returns rates up to now; all 0 where no time has passed. */
  rates(nowMs: number): TrafficRates {
    const seconds = (nowMs - this.#startMs) / 1000;
    const rateOf = (field: keyof Traffic) =>
      meanMax(
        this.#before.map((before, host) =>
          seconds > 0 ? (this.#network.traffic(host).total[field] - before[field]) / seconds : 0,
        ),
      );
    return {
      bytesPerNodePerSecond: rateOf('sentBytes'),
      receivedBytesPerNodePerSecond: rateOf('receivedBytes'),
      datagramsPerNodePerSecond: rateOf('sentDatagrams'),
    };
  }
}
