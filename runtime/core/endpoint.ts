import { formatAddress, parseAddress } from './address.ts';

/** Where a node can be reached. `address` is a literal IPv4 or IPv6 address without zone. */
export interface Endpoint {
  readonly transport: 'udp' | 'http';
  readonly address: string;
  readonly port: number;
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
