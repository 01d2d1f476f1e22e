import type { NetworkInterfaceInfo } from 'node:os';
import type { InterfaceAddress, InterfaceFacts } from '#profiles/facts.ts';
import type { BoardReader } from './reader.ts';

/** As `os.networkInterfaces()`; it may throw where the system call is forbidden. */
export type NetworkInterfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

export interface InterfaceFactsResult {
  readonly interfaces: readonly InterfaceFacts[];
  /** Why the addresses couldn't be read; null: they were, or weren't asked for. */
  readonly fault: string | null;
}

const IFF_UP = 0x1;
const IFF_MULTICAST = 0x1000;
const NAME_MAX = 64;
const INTERFACES_MAX = 256;

/**
 * What the system says about its interfaces, by name. Never throws.
 * @param networkInterfaces null: the tree is a copy, and its machine's addresses can't be known
 */
export function readInterfaceFacts(
  reader: BoardReader,
  networkInterfaces: NetworkInterfaces | null,
): InterfaceFactsResult {
  const { byName, fault } = readAddresses(networkInterfaces);
  const present = reader
    .list('/sys/class/net')
    .filter((name) => reader.exists(`/sys/class/net/${name}/flags`));
  const names = [...new Set([...present, ...byName.keys()])].filter((name) => name.length <= NAME_MAX).sort();
  const known = networkInterfaces !== null && fault === null;
  return {
    interfaces: names
      .slice(0, INTERFACES_MAX)
      .map((name) => readOne(reader, name, known ? (byName.get(name) ?? []) : null)),
    fault,
  };
}

function readOne(
  reader: BoardReader,
  name: string,
  addresses: readonly InterfaceAddress[] | null,
): InterfaceFacts {
  const base = `/sys/class/net/${name}`;
  const read = (file: string) => reader.text(`${base}/${file}`)?.trim() ?? null;
  const flags = wholeNumber(read('flags'));
  const uevent = read('uevent') ?? '';
  return {
    name,
    addresses,
    // Without /sys it is known by having an address, which Node only reports for what is up.
    up: flags === null ? (addresses?.length ?? 0) > 0 : (flags & IFF_UP) !== 0,
    carrier: carrierOf(read('carrier'), read('operstate')),
    multicast: flags === null ? null : (flags & IFF_MULTICAST) !== 0,
    wireless: reader.exists(`${base}/wireless`) || reader.exists(`${base}/phy80211`),
    type: wholeNumber(read('type')),
    devtype: /^DEVTYPE=([\w-]{1,32})$/m.exec(uevent)?.[1] ?? null,
    driver: reader.linkName(`${base}/device/driver`),
    mtu: positive(wholeNumber(read('mtu'))),
  };
}

/** The carrier file can't be read while the interface is down, and tunnels know no state: that says nothing. */
function carrierOf(carrier: string | null, operstate: string | null): boolean | null {
  if (operstate === 'down' || operstate === 'lowerlayerdown' || operstate === 'dormant') return false;
  if (carrier === '1') return true;
  return carrier === '0' ? false : null;
}

function readAddresses(networkInterfaces: NetworkInterfaces | null): {
  byName: Map<string, InterfaceAddress[]>;
  fault: string | null;
} {
  const byName = new Map<string, InterfaceAddress[]>();
  if (networkInterfaces === null) return { byName, fault: null };
  let all: NodeJS.Dict<NetworkInterfaceInfo[]>;
  try {
    all = networkInterfaces();
  } catch (error) {
    return { byName, fault: error instanceof Error ? error.message : String(error) };
  }
  for (const [label, infos] of Object.entries(all)) {
    // An alias such as eth0:1 is a second address of eth0, not an interface.
    const name = label.replace(/:.*$/, '');
    const addresses = (infos ?? []).map(toAddress);
    byName.set(name, [...(byName.get(name) ?? []), ...addresses]);
  }
  return { byName, fault: null };
}

function toAddress(info: NetworkInterfaceInfo): InterfaceAddress {
  const prefix = wholeNumber(info.cidr?.split('/')[1] ?? null) ?? (info.family === 'IPv4' ? 32 : 128);
  return {
    family: info.family === 'IPv4' ? 'ipv4' : 'ipv6',
    address: info.address.replace(/%.*$/, ''),
    prefix,
    ...(info.family === 'IPv6' && info.scopeid ? { scopeId: info.scopeid } : {}),
  };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^(?:0x[0-9a-fA-F]{1,8}|\d{1,9})$/.test(text) ? Number(text) : null;
}

function positive(n: number | null): number | null {
  return n !== null && n > 0 ? n : null;
}
