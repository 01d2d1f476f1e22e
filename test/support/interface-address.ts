import { formatAddress, parseAddress } from '#runtime/core/address.ts';
import type { InterfaceAddress } from '#runtime/transport/interface-table.ts';

/** An interface's address from `ADDRESS/PREFIX`, as the platform would list it. */
export function interfaceAddress(link: string, cidr: string, scope = 0): InterfaceAddress {
  const [text, prefix] = cidr.split('/');
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new Error(`no address: ${cidr}`);
  return {
    link,
    address: formatAddress(bytes),
    bytes,
    prefixLength: Number(prefix),
    internal: text === '::1' || text.startsWith('127.'),
    scope,
  };
}
