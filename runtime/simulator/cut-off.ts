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

/** So many others must be able to go between two hosts that can't reach each other directly: one that loses its share is none. */
const GO_BETWEENS_MIN = 2;

/** Whether two hosts can exchange datagrams both ways, directly or through at least two others. */
export function canMeet(network: Network, living: readonly HostIndex[], a: HostIndex, b: HostIndex): boolean {
  const meets = (one: HostIndex, other: HostIndex) =>
    network.connects(one, other) && network.connects(other, one);
  if (!network.hasCuts || meets(a, b)) return true;
  const between = living.filter((host) => host !== a && host !== b && meets(a, host) && meets(host, b));
  return between.length >= GO_BETWEENS_MIN;
}
