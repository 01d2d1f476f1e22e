import { formatAddress, parseAddress } from '../core/address.ts';
import { type Endpoint, isLasting } from '../core/endpoint.ts';
import type { AppValue } from '../core/value.ts';
import { asUint } from './schema.ts';

const TRANSPORTS: readonly (Endpoint['transport'] | undefined)[] = [undefined, 'udp', 'http'];

/** `endpoint = [ transport, address, port ]` of the CDDL as an application value; what means something to this node only, a session or a name, has port 0 [P-19.9]. @throws RangeError for an address that is no literal. */
export function endpointToValue(endpoint: Endpoint): AppValue {
  const address = parseAddress(endpoint.address);
  if (address === undefined) throw new RangeError(`expected a literal address; got ${endpoint.address}`);
  return [TRANSPORTS.indexOf(endpoint.transport), address, isLasting(endpoint) ? endpoint.port : 0];
}

/** @returns undefined for a transport that this version doesn't know, and for anything that is no endpoint. */
export function endpointFromValue(raw: unknown): Endpoint | undefined {
  if (!Array.isArray(raw)) return undefined;
  const transport = TRANSPORTS[asUint(raw[0], TRANSPORTS.length - 1) ?? 0];
  const address: unknown = raw[1];
  const port = asUint(raw[2], 65_535);
  if (transport === undefined || port === undefined || !(address instanceof Uint8Array)) return undefined;
  if (address.length !== 4 && address.length !== 16) return undefined;
  return { transport, address: formatAddress(address), port };
}
