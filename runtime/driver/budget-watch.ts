import { formatByteRate } from '../core/byte-rates.ts';
import { TRAFFIC_CLASSES } from '../transport/link-budget.ts';
import type { TransportTraffic } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import type { LinkTraffic } from './contract.ts';
import type { HealthBoard } from './health-board.ts';
import { sumTraffic } from './link-traffic.ts';

/** How long the condition stays on the health list after the last datagram that didn't fit. */
const SHOWN_MS = 60_000;

export interface BudgetWatchOptions {
  /** By link, as its budget has it. */
  readonly bytesPerSecond: Readonly<Record<string, number>>;
  readonly traffic: () => readonly TransportTraffic[];
  /** How often `poll` is called, for the text. */
  readonly pollMs: number;
  readonly health: HealthBoard;
  readonly clock: Clock;
}

/** Shows which links' budgets are too small for what this node has to send. */
export class BudgetWatch {
  readonly #options: BudgetWatchOptions;
  /** Of each link, what had been refused at the last look. */
  #seen = new Map<string, LinkTraffic['txDropped']>();

  constructor(options: BudgetWatchOptions) {
    this.#options = options;
  }

  /** Looks now. @returns how many datagrams of liveness were refused since the last look. */
  poll(): number {
    const { traffic, bytesPerSecond } = this.#options;
    let liveness = 0;
    const lines: string[] = [];
    for (const { name, txDropped, bytesPerSecondMax } of sumTraffic(traffic(), bytesPerSecond)) {
      const before = this.#seen.get(name);
      this.#seen.set(name, txDropped);
      const grown = TRAFFIC_CLASSES.map(
        (each) => [each, txDropped[each] - (before?.[each] ?? 0)] as const,
      ).filter(([, count]) => count > 0);
      if (grown.length === 0) continue;
      liveness += grown.find(([each]) => each === 'liveness')?.[1] ?? 0;
      const counts = grown.map(([each, count]) => `${count} ${each}`).join(', ');
      lines.push(`${name} (${formatByteRate(bytesPerSecondMax ?? 0)}): ${counts}`);
    }
    if (lines.length > 0) this.#show(lines, liveness);
    return liveness;
  }

  #show(lines: readonly string[], liveness: number): void {
    const { health, clock, pollMs } = this.#options;
    const consequence =
      liveness > 0
        ? 'Pings and their answers were among them: members may be taken for down, and this node by others.'
        : 'Others learn of what they told later.';
    health.raise(
      clock.nowMs(),
      'link-budget',
      {
        severity: liveness > 0 ? 'failure' : 'warning',
        title: 'a link has used up its byte budget',
        text: `Datagrams that did not fit were dropped within ${pollMs / 1_000} s: ${lines.join('; ')}. ${consequence} Read sources less often, take the preset "metered", or raise interfaces.budgets.`,
      },
      SHOWN_MS,
    );
  }
}
