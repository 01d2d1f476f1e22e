import type { TrafficClass } from '../core/outputs.ts';
import { HEADER_BYTES, LinkBudget } from './link-budget.ts';

/** A datagram that is about to leave by a link. */
export interface Departure {
  readonly link: string;
  readonly family: 4 | 6;
  /** Without IP and UDP headers. */
  readonly payloadBytes: number;
  readonly trafficClass: TrafficClass;
}

/** The budgets of a host's links. All transports of a node share one: what leaves by a link is paid there, whoever sends it. */
export class LinkBudgets {
  readonly #budgets: ReadonlyMap<string, LinkBudget>;
  readonly #nowMs: () => number;

  /** @param parts.bytesPerSecond by link, with IP and UDP headers; a link that isn't named has no limit. */
  constructor(parts: {
    readonly bytesPerSecond: Readonly<Record<string, number>>;
    readonly nowMs: () => number;
  }) {
    this.#budgets = new Map(
      Object.entries(parts.bytesPerSecond).map(([link, bytesPerSecond]) => [
        link,
        new LinkBudget({ bytesPerSecond }),
      ]),
    );
    this.#nowMs = parts.nowMs;
  }

  /** Whether it may leave; its bytes are spent then. One that may not is to be dropped and counted: nothing waits. */
  take({ link, family, payloadBytes, trafficClass }: Departure): boolean {
    const budget = this.#budgets.get(link);
    return (
      budget === undefined || budget.take(payloadBytes + HEADER_BYTES[family], trafficClass, this.#nowMs())
    );
  }
}

/** No link has a limit. */
export const UNLIMITED = new LinkBudgets({ bytesPerSecond: {}, nowMs: () => 0 });
