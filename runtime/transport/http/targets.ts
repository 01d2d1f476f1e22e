import { formatAddress, parseAddress } from '../../core/address.ts';
import { type Endpoint, endpointKey, formatAuthority, namedEndpoint } from '../../core/endpoint.ts';
import { RESOURCE } from './limits.ts';

/** Where requests for one endpoint go. */
export interface Target {
  readonly scheme: 'http' | 'https';
  /** As it stands in a request: a name, a literal IPv4 address, or an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** @returns undefined where it is no `http://` or `https://` address of a listener, such as one with a query or a password. */
export function parseTarget(text: string): Target | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  if (port === 0 || url.hostname === '') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { scheme, host, port, path: `${url.pathname.replace(/\/+$/, '')}${RESOURCE}` };
}

/** Which endpoint stands for which address of a listener, where the endpoint alone doesn't say all: names, TLS, paths. */
export class Targets {
  readonly #byKey = new Map<string, Target>();
  #names = 0;

  /** The endpoint by which the engine knows this listener. @throws RangeError for a text that `parseTarget` refuses. */
  add(text: string): Endpoint {
    const target = parseTarget(text);
    if (target === undefined)
      throw new RangeError(`expected http://HOST[:PORT] or https://HOST[:PORT]; got ${text}`);
    for (const [key, known] of this.#byKey) {
      const same = known.scheme === target.scheme && known.host === target.host;
      if (same && known.port === target.port && known.path === target.path) return endpointOf(key);
    }
    const bytes = parseAddress(target.host);
    const literal =
      bytes && ({ transport: 'http', address: formatAddress(bytes), port: target.port } as const);
    // Two that differ in path or scheme alone are two: the second is known as if by a name.
    const isFree = literal !== undefined && !this.isNamed(literal);
    const endpoint = isFree ? literal : namedEndpoint(this.#names++, target.port);
    this.#byKey.set(endpointKey(endpoint), target);
    return endpoint;
  }

  /** Whether a person named it. */
  isNamed(endpoint: Endpoint): boolean {
    return this.#byKey.has(endpointKey(endpoint));
  }

  /** Where to call an endpoint: as it was given, else in plain at its address. */
  of(endpoint: Endpoint): Target {
    const { address: host, port } = endpoint;
    return this.#byKey.get(endpointKey(endpoint)) ?? { scheme: 'http', host, port, path: RESOURCE };
  }
}

function endpointOf(key: string): Endpoint {
  const [, authority] = key.split('/', 2);
  const at = (authority as string).lastIndexOf(':');
  const address = (authority as string).slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { transport: 'http', address, port: Number((authority as string).slice(at + 1)) };
}

/** As people wrote it. */
export function formatTarget({ scheme, host, port }: Target): string {
  return `${scheme}://${formatAuthority({ address: host, port })}`;
}
