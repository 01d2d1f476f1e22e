import { parseAddress } from '../../core/address.ts';

/** From where proxies are taken: the names of the environment's variables. */
export interface ProxyEnvironment {
  readonly [name: string]: string | undefined;
}

/** What the address of a proxy looks like. */
export const PROXY_ADDRESS =
  '[http://][NAME:PASSWORD@]HOST:PORT, with / as %2F, # as %23, ? as %3F and % as %25 in name and password';

/** Where an address of a proxy names none, by its own scheme. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
const VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const;

/** The variables that hold something else than the address of a proxy. Their values may hold passwords: they are named only. */
export function badProxies(proxies: ProxyEnvironment): string[] {
  return VARIABLES.filter((name) => {
    const value = proxies[name];
    return value !== undefined && value !== '' && parseProxy(value) === undefined;
  });
}

/** The same proxies as the platform wants them: it passes over what has no scheme, a blank before it or capitals in it. */
export function normalProxies(proxies: ProxyEnvironment): ProxyEnvironment {
  const normal: Record<string, string | undefined> = { ...proxies };
  for (const name of VARIABLES) {
    const url = parseProxy(proxies[name] ?? '');
    if (url !== undefined) normal[name] = url.href;
  }
  return normal;
}

/** The same proxies, without the names and passwords that they ask for; what is no address of a proxy is left out. */
export function withoutCredentials(proxies: ProxyEnvironment): ProxyEnvironment {
  const bare: Record<string, string | undefined> = { ...proxies };
  for (const name of VARIABLES) {
    const url = parseProxy(proxies[name] ?? '');
    if (url === undefined) delete bare[name];
    else bare[name] = `${url.protocol}//${url.host}`;
  }
  return bare;
}

/** What the platform tells of an attempt at a connection that failed. */
interface Attempt {
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
}

/** Whether it was the proxy for this scheme that couldn't be reached, by what the platform says of the attempt. */
export function isProxyAt(proxies: ProxyEnvironment, scheme: 'http' | 'https', attempt: object): boolean {
  const name = `${scheme}_proxy`;
  const url = parseProxy(proxies[name] ?? proxies[name.toUpperCase()] ?? '');
  if (url === undefined) return false;
  const { hostname, address, port } = attempt as Attempt;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (hostname !== undefined) return hostname === host;
  // A name was looked up by then: its port tells.
  const isAddress = parseAddress(host) !== undefined;
  return port === Number(url.port || DEFAULT_PORTS[url.protocol]) && (!isAddress || address === host);
}

/** `HOST:PORT` alone, as other programs take it, is one, too. Undefined also where the platform would leave it aside or stumble over it. */
function parseProxy(text: string): URL | undefined {
  const said = text.trim();
  const url = URL.parse(said === '' || said.includes('://') ? said : `http://${said}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return undefined;
  try {
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
  } catch {
    return undefined;
  }
  return url;
}
