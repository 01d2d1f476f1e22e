import { formatAddress, parseAddress } from './address.ts';

/**
 * Where a node can be reached. `address` is a literal IPv4 or IPv6 address without zone. A port from `SESSION_PORT_MIN` on is none: it names
 * an HTTP session that somebody at that address opened to this node, and means nothing elsewhere.
 */
export interface Endpoint {
  readonly transport: 'udp' | 'http';
  readonly address: string;
  readonly port: number;
}

/** Above all ports that there are. */
export const SESSION_PORT_MIN = 65_536;

/** Whether somebody else, or a later life of this node, could send there. */
export function isDialable({ port }: { readonly port: number }): boolean {
  return port > 0 && port < SESSION_PORT_MIN;
}

/** Stands for a place that isn't known [P-19.9]. */
export const NOWHERE: Endpoint = { transport: 'http', address: '0.0.0.0', port: 0 };

/** Where addresses that stand for host names are taken from (RFC 6666: nothing is ever routed there). */
const NAMED_PREFIX = '100::';

/** An endpoint that stands for a host known by its name only; whoever made it knows the name. @param number 16 bits. */
export function namedEndpoint(number: number, port: number): Endpoint {
  return { transport: 'http', address: `${NAMED_PREFIX}${(number + 1).toString(16)}`, port };
}

/** Whether it stands for a host known by its name only: the family of its address says nothing. */
export function isNamed({ address }: { readonly address: string }): boolean {
  return address.startsWith(NAMED_PREFIX);
}

/** Whether a later life of this node, or anybody else, could make something of it. */
export function isLasting(endpoint: Endpoint | null | undefined): endpoint is Endpoint {
  return endpoint != null && isDialable(endpoint) && !isNamed(endpoint);
}

/** As people see it: `10.0.0.7:18262`, `http://10.0.0.7:18262`, or `http from 10.0.0.7` for a session that was opened from there. */
export function formatEndpoint(endpoint: { transport: string; address: string; port: number }): string {
  if (endpoint.transport !== 'http') return formatAuthority(endpoint);
  return isDialable(endpoint) ? `http://${formatAuthority(endpoint)}` : `http from ${endpoint.address}`;
}

/** UDP and HTTP transport port ("GV"). */
export const DEFAULT_PORT = 18262;

/** One spelling per endpoint, for use as a map key: `udp/10.0.0.1:18262`, `udp/[fe80::1]:18262`. */
export function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.transport}/${formatAuthority(endpoint)}`;
}

/** Whether two endpoints have one `endpointKey`. */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address && a.transport === b.transport;
}

/** `10.0.0.1:18262` or `[fe80::1]:18262`. */
export function formatAuthority(endpoint: { address: string; port: number }): string {
  const host = endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address;
  return `${host}:${endpoint.port}`;
}

/**
 * Reads `ADDR[:PORT]` as people type it: `10.0.0.7`, `10.0.0.7:9000`, `[fd00::1]:9000`, `fd00::1`.
 * @returns undefined where it is no literal address or the port isn't 0-65535 (0: any free one).
 */
export function parseAuthority(
  text: string,
  defaultPort: number = DEFAULT_PORT,
): { address: string; port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host, port] = bracketed ?? plain ?? [undefined, text, undefined];
  const bytes = parseAddress(host ?? '');
  const number = port === undefined ? defaultPort : Number(port);
  if (bytes === undefined || number > 65_535) return undefined;
  return { address: formatAddress(bytes), port: number };
}
