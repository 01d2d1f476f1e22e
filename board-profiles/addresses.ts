import { parseAddress } from '#runtime/core/address.ts';
import type { InterfaceAddress } from './facts.ts';

/** Whom an address can be reached by: this machine, this link, or any network that routes to it. */
export type AddressScope = 'loopback' | 'link' | 'global';

/** An address to bind to. */
export interface UsableAddress extends InterfaceAddress {
  readonly scope: AddressScope;
}

/** The scope of a literal address, or null for one that no socket should be bound to (multicast, unspecified, no literal). */
export function addressScope(text: string): AddressScope | null {
  const bytes = parseAddress(text);
  if (bytes === undefined) return null;
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 4) {
    if (first === 0 || first >= 224) return null;
    if (first === 127) return 'loopback';
    return first === 169 && second === 254 ? 'link' : 'global';
  }
  if (bytes.subarray(0, 15).every((b) => b === 0)) return bytes[15] === 1 ? 'loopback' : null;
  if (first === 0xff) return null;
  return first === 0xfe && (second & 0xc0) === 0x80 ? 'link' : 'global';
}

const ORDER = ['global/ipv4', 'global/ipv6', 'link/ipv4', 'link/ipv6', 'loopback/ipv4', 'loopback/ipv6'];

/**
 * The addresses worth binding to, best first: routable before link-local, IPv4 before IPv6. IPv6 link-local ones need
 * their zone and are left out where the system gave none.
 */
export function usableAddresses(addresses: readonly InterfaceAddress[]): UsableAddress[] {
  return addresses
    .flatMap((address) => {
      const scope = addressScope(address.address);
      if (scope === null) return [];
      if (scope === 'link' && address.family === 'ipv6' && !address.scopeId) return [];
      return [{ ...address, scope }];
    })
    .sort((a, b) => rank(a) - rank(b));
}

function rank({ scope, family }: UsableAddress): number {
  return ORDER.indexOf(`${scope}/${family}`);
}
