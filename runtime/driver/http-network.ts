import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../core/endpoint.ts';
import { CallGuard, type CallPolicy } from '../transport/http/callable.ts';
import { HttpTransport, type HttpTransportOptions } from '../transport/http/http-transport.ts';
import type { HttpTls, ListenAddress } from '../transport/http/listener.ts';
import type { ProxyEnvironment } from '../transport/http/proxies.ts';
import type { Targets } from '../transport/http/targets.ts';
import { type InterfaceTable, isLinkLocal } from '../transport/interface-table.ts';
import type { Bind } from '../transport/udp-unicast.ts';
import { isWildcard } from './bind-plan.ts';
import type { Clock } from './clock.ts';

const SESSION_BYTES = 16;

/** How a node uses HTTP [P-19]. */
export interface HttpNetworkOptions {
  /** Where it listens; default nowhere. `0.0.0.0` and `::` stand for all addresses. */
  readonly listen?: readonly ListenAddress[];
  /** What others are told instead of the bound addresses, behind a NAT or a gateway; port 0: the bound one. */
  readonly advertise?: readonly Endpoint[];
  /** What its listeners show to who calls in TLS; who calls in plain is answered in plain all the same. */
  readonly tls?: HttpTls;
  /** Roots (PEM) by which it judges listeners that it calls by `https://`; default: the system's. */
  readonly ca?: string;
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`; default none: nothing goes by a proxy. */
  readonly proxies?: ProxyEnvironment;
  /** Whom it calls; default `members`: also those that members say they listen at. */
  readonly call?: CallPolicy;
}

/** The transport of these options. */
export function httpTransport(
  options: HttpNetworkOptions & { readonly targets: Targets },
  parts: Pick<HttpTransportOptions, 'interfaces' | 'budgets'> & {
    readonly clock: Clock;
    readonly links: readonly { readonly name: string }[];
    /** Where it is bound by UDP. */
    readonly bind: readonly { readonly address: string }[];
  },
): HttpTransport {
  const { listen = [], proxies = {}, call = 'members', tls, ca, targets } = options;
  const { clock, links, interfaces, budgets, bind } = parts;
  const own = [...listen, ...bind].map(({ address }) => address);
  return new HttpTransport({
    listen,
    proxies,
    guard: new CallGuard(call, own, (address) =>
      interfaces().entries.some((entry) => entry.address === address),
    ),
    targets,
    interfaces,
    defaultLink: links[0]?.name ?? 'lo',
    ...(budgets !== undefined && { budgets }),
    ...(tls !== undefined && { tls }),
    ...(ca !== undefined && { ca }),
    nowMs: () => clock.nowMs(),
    drawSession: () => randomBytes(SESSION_BYTES).toString('hex'),
  });
}

/** Where a listener can be called: `0.0.0.0` is every address of the node's links, or of the host where it names none. */
export function boundAddresses(
  endpoints: readonly Endpoint[],
  links: readonly Bind['link'][],
  interfaces: InterfaceTable,
): Endpoint[] {
  return endpoints.flatMap((endpoint) => {
    if (!isWildcard({ ...endpoint, link: '' })) return [endpoint];
    const family = endpoint.address.includes(':') ? 6 : 4;
    const names = links.length > 0 ? links : [...new Set(interfaces.entries.map(({ link }) => link))];
    return names
      .flatMap((name) => interfaces.addressesOf(name, family))
      .filter(({ bytes }) => !isLinkLocal(bytes))
      .map(({ address }) => ({ ...endpoint, address }));
  });
}
