import type { HostIndex, Network } from './network.ts';

/**
 * Which of the living hosts most of the others can't reach: a host is cut off where it, and those with which it can exchange
 * datagrams both ways, aren't more than half of all.
 */
export function cutOffHosts(network: Network, living: readonly HostIndex[]): Set<HostIndex> {
  const cutOff = new Set<HostIndex>();
  if (!network.hasCuts) return cutOff;
  for (const host of living) {
    let reached = 1;
    for (const other of living) {
      if (other !== host && network.connects(host, other) && network.connects(other, host)) reached++;
    }
    if (reached * 2 <= living.length) cutOff.add(host);
  }
  return cutOff;
}
