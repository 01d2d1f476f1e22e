import type { LinkEndpoint, SerialLine } from './ports/link-port.ts';

/** Where a field bus is: a serial port, a TCP server, or a serial line behind a TCP gateway that passes bytes on. */
export type LinkAddress =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp' | 'rtu+tcp'; readonly host: string; readonly port: number | undefined };

const SERIAL = /^\/[^\0]*[^\0/]$/;
const REMOTE = /^(tcp|rtu\+tcp):\/\/(\[[0-9A-Fa-f:.]+(?:%[^\]/]+)?\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

/** Reads `/dev/serial/by-id/...`, `tcp://HOST[:PORT]` or `rtu+tcp://HOST[:PORT]`; undefined where it is none of them. */
export function parseLinkAddress(text: string): LinkAddress | undefined {
  if (SERIAL.test(text)) return { kind: 'serial', path: text };
  const match = REMOTE.exec(text);
  if (match === null) return undefined;
  const [, kind, host = '', digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { kind: kind === 'tcp' ? 'tcp' : 'rtu+tcp', host: host.replace(/^\[|\]$/g, ''), port };
}

/**
 * What a port opens for an address that a configuration was checked for.
 * @throws Error where it is no address, or names no port and there is none to expect.
 */
export function linkEndpoint(
  text: string,
  defaults: { readonly line: SerialLine; readonly tcpPort?: number },
): LinkEndpoint {
  const address = parseLinkAddress(text);
  if (address?.kind === 'serial') return { kind: 'serial', path: address.path, ...defaults.line };
  const port = address?.port ?? defaults.tcpPort;
  if (address === undefined || port === undefined) throw new Error(`no address of a field bus: ${text}`);
  return { kind: 'tcp', host: address.host, port };
}
