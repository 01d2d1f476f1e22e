import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { BROKER_PORTS } from './config.ts';

/** What TLS needs to know besides the broker's address. */
export interface TlsMaterial extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  readonly serverName?: string;
}

/**
 * Opens the connection below MQTT to a `mqtt:` or `mqtts:` broker. TLS is loaded only where it is used, and a broker
 * whose certificate doesn't hold is an error of the socket.
 */
export async function socketOpener(server: URL, tls: TlsMaterial): Promise<() => Socket> {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const port = server.port === '' ? BROKER_PORTS[server.protocol] : Number(server.port);
  if (server.protocol === 'mqtt:') return () => connectTcp({ host, port });
  const { connect } = await import('node:tls');
  const { serverName, ...material } = tls;
  // A name for the certificate, but none for an address: SNI doesn't know addresses (RFC 6066 section 3).
  const name = serverName ?? (isIP(host) === 0 ? host : undefined);
  return () => connect({ host, port, ...material, ...(name === undefined ? {} : { servername: name }) });
}
