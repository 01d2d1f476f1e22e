import type { InterfaceAddress, InterfaceFacts } from '#profiles/facts.ts';

export const ipv4 = (address: string, prefix = 24): InterfaceAddress => ({ family: 'ipv4', address, prefix });
export const linkLocal = (address: string, scopeId?: number): InterfaceAddress => ({
  family: 'ipv6',
  address,
  prefix: 64,
  ...(scopeId === undefined ? {} : { scopeId }),
});

/** An Ethernet interface with a link and an address, but for what is given. */
export function interfaceFacts(name: string, changes: Partial<InterfaceFacts> = {}): InterfaceFacts {
  return {
    name,
    addresses: [ipv4('192.168.7.2')],
    up: true,
    carrier: true,
    multicast: true,
    wireless: false,
    type: 1,
    devtype: null,
    driver: null,
    mtu: 1500,
    ...changes,
  };
}

export const loopback = interfaceFacts('lo', {
  addresses: [ipv4('127.0.0.1', 8), { family: 'ipv6', address: '::1', prefix: 128 }],
  carrier: true,
  multicast: false,
  type: 772,
  mtu: 65_536,
});

export const wifi = (name: string, changes: Partial<InterfaceFacts> = {}): InterfaceFacts =>
  interfaceFacts(name, { wireless: true, devtype: 'wlan', addresses: [ipv4('192.168.7.3')], ...changes });
