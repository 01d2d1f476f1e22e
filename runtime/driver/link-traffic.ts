import { TRAFFIC_CLASSES } from '../transport/link-budget.ts';
import type { TransportTraffic } from '../transport/transport.ts';
import type { LinkTraffic } from './contract.ts';

type Counts = Omit<LinkTraffic, 'name' | 'txDropped' | 'bytesPerSecondMax'>;
type LinkSum = Pick<LinkTraffic, 'name' | 'bytesPerSecondMax'> & {
  -readonly [K in keyof Counts]: Counts[K];
} & { readonly txDropped: { -readonly [K in keyof LinkTraffic['txDropped']]: number } };

/**
 * What all transports together carried on each link.
 * @param linkBytesPerSecond budgets of links; a link that has one is listed before anything went over it.
 */
export function sumTraffic(
  traffic: readonly TransportTraffic[],
  linkBytesPerSecond: Readonly<Record<string, number>>,
): LinkTraffic[] {
  const sums = new Map(
    Object.entries(linkBytesPerSecond).map(([name, budget]) => [name, nothing(name, budget)]),
  );
  for (const { link, ...counts } of traffic) {
    const sum = sums.get(link) ?? nothing(link, null);
    sum.rxBytes += counts.rxBytes;
    sum.txBytes += counts.txBytes;
    sum.rxDatagrams += counts.rxDatagrams;
    sum.txDatagrams += counts.txDatagrams;
    sum.rxDropped += counts.rxDropped;
    for (const each of TRAFFIC_CLASSES) sum.txDropped[each] += counts.txDropped[each];
    sums.set(link, sum);
  }
  return [...sums.values()];
}

function nothing(name: string, bytesPerSecondMax: number | null): LinkSum {
  return {
    name,
    rxBytes: 0,
    txBytes: 0,
    rxDatagrams: 0,
    txDatagrams: 0,
    rxDropped: 0,
    txDropped: { liveness: 0, membership: 0, data: 0 },
    bytesPerSecondMax,
  };
}
