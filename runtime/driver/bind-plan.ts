import { formatAddress, parseAddress } from '../core/address.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { ENDPOINTS_PER_NODE_MAX } from '../core/limits.ts';
import { type InterfaceTable, isLinkLocal } from '../transport/interface-table.ts';
import type { Bind } from '../transport/udp-unicast.ts';

/**
 * The addresses to listen on now. `0.0.0.0` and `::` stand for all addresses of their link, as they come and go; a wildcard
 * socket itself would not tell links apart. Of a link's IPv6 addresses the link-local ones count only where there are no others.
 */
export function planBinds(binds: readonly Bind[], interfaces: InterfaceTable): Bind[] {
  const planned = new Map<string, Bind>();
  for (const bind of binds) {
    for (const address of addressesOf(bind, interfaces)) {
      const key = `${address} ${bind.port}`;
      if (!planned.has(key)) planned.set(key, { address, port: bind.port, link: bind.link });
    }
  }
  return [...planned.values()];
}

/**
 * What to tell others of where this node listens: the configured addresses (port 0 is the first real one), else the bound
 * ones. Loopback and link-local addresses mean nothing elsewhere, so they are named only where there is nothing better.
 */
export function advertised(bound: readonly Endpoint[], configured: readonly Endpoint[] = []): Endpoint[] {
  const port = bound[0]?.port;
  const chosen =
    configured.length === 0
      ? bound
      : configured.map((endpoint) =>
          endpoint.port === 0 && port !== undefined ? { ...endpoint, port } : endpoint,
        );
  if (configured.length > 0) return chosen.slice(0, ENDPOINTS_PER_NODE_MAX);
  const ranks = chosen.map((endpoint) => ({ endpoint, rank: rankOf(endpoint.address) }));
  const best = Math.min(...ranks.map(({ rank }) => rank));
  return ranks
    .filter(({ rank }) => rank === best)
    .map(({ endpoint }) => endpoint)
    .slice(0, ENDPOINTS_PER_NODE_MAX);
}

/** Whether a bind stands for all addresses of its link. */
export function isWildcard(bind: Bind): boolean {
  return parseAddress(bind.address)?.every((byte) => byte === 0) ?? false;
}

function addressesOf(bind: Bind, interfaces: InterfaceTable): string[] {
  const bytes = parseAddress(bind.address);
  if (bytes === undefined) return [bind.address];
  if (!isWildcard(bind)) return [formatAddress(bytes)];
  const entries = interfaces.addressesOf(bind.link, bytes.length === 4 ? 4 : 6);
  const routable = entries.filter((entry) => !isLinkLocal(entry.bytes));
  return (routable.length > 0 ? routable : entries).map((entry) => entry.address);
}

/** 0: reachable from elsewhere; 1: from the same link; 2: from this machine. */
function rankOf(address: string): number {
  const bytes = parseAddress(address);
  if (bytes === undefined) return 0;
  if (address === '::1' || (bytes.length === 4 && bytes[0] === 127)) return 2;
  return isLinkLocal(bytes) ? 1 : 0;
}
