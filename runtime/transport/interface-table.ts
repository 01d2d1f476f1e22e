import { networkInterfaces } from 'node:os';
import { formatAddress, parseAddress } from '../core/address.ts';

/** One address of one of the host's interfaces. */
export interface InterfaceAddress {
  readonly link: string;
  /** Canonical text, without zone. */
  readonly address: string;
  readonly bytes: Uint8Array;
  readonly prefixLength: number;
  /** A loopback address. */
  readonly internal: boolean;
  /** The interface's number where the platform tells it (for link-local IPv6 addresses), else 0. */
  readonly scope: number;
}

/** Reads the host's interfaces; injected so that tests can change them. */
export type InterfaceReader = () => InterfaceAddress[];

/** The host's interfaces that are up, as the platform lists them. */
export function readInterfaces(): InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  for (const [link, entries] of Object.entries(networkInterfaces())) {
    for (const entry of entries ?? []) {
      const bytes = parseAddress(entry.address);
      if (bytes === undefined) continue;
      const prefixLength = Number(entry.cidr?.split('/')[1] ?? bytes.length * 8);
      const scope = entry.family === 'IPv6' ? entry.scopeid : 0;
      found.push({
        link,
        address: formatAddress(bytes),
        bytes,
        prefixLength,
        internal: entry.internal,
        scope,
      });
    }
  }
  return found;
}

/** Which link an address belongs to, by the subnets of the host's own addresses. */
export class InterfaceTable {
  readonly #entries: readonly InterfaceAddress[];

  constructor(entries: readonly InterfaceAddress[]) {
    this.#entries = [...entries].sort((a, b) => b.prefixLength - a.prefixLength);
  }

  get entries(): readonly InterfaceAddress[] {
    return this.#entries;
  }

  has(link: string): boolean {
    return this.#entries.some((entry) => entry.link === link);
  }

  /** The host's own addresses on a link; `family` 4 or 6. */
  addressesOf(link: string, family: 4 | 6): InterfaceAddress[] {
    const length = family === 4 ? 4 : 16;
    return this.#entries.filter((entry) => entry.link === link && entry.bytes.length === length);
  }

  /**
   * The link whose subnet holds the address; the longest prefix wins, and an own address beats a subnet.
   * A link-local IPv6 address names no link: every link has that subnet.
   */
  linkOf(address: string): string | undefined {
    const bytes = parseAddress(address);
    if (bytes === undefined) return undefined;
    for (const entry of this.#entries) if (holds(entry, bytes, bytes.length * 8)) return entry.link;
    if (isLinkLocal(bytes)) return undefined;
    for (const entry of this.#entries) if (holds(entry, bytes, entry.prefixLength)) return entry.link;
    return undefined;
  }

  /** Equal texts mean that nothing has changed that sockets or memberships depend on. */
  fingerprint(): string {
    return this.#entries
      .map((entry) => `${entry.link} ${entry.address}/${entry.prefixLength} ${entry.scope}`)
      .sort()
      .join('\n');
  }
}

/** Whether 16 bytes are in fe80::/10. */
export function isLinkLocal(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
}

function holds(entry: InterfaceAddress, bytes: Uint8Array, prefixLength: number): boolean {
  if (entry.bytes.length !== bytes.length) return false;
  const whole = prefixLength >> 3;
  for (let i = 0; i < whole; i++) if (entry.bytes[i] !== bytes[i]) return false;
  const rest = prefixLength & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (entry.bytes[whole] & mask) === (bytes[whole] & mask);
}
