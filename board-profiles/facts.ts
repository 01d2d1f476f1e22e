/** What a machine says about itself. Every string comes from outside and may be anything. */
export interface BoardFacts {
  /** The device tree's root `compatible`, most specific first; empty without a device tree. */
  readonly compatible: readonly string[];
  /** The device tree's `model`. */
  readonly model?: string;
  /** `Revision` of `/proc/cpuinfo`, hexadecimal: a Raspberry Pi's revision code, or nothing of use on other boards. */
  readonly revision?: string;
  readonly dmi?: {
    readonly sysVendor?: string;
    readonly productName?: string;
    readonly boardName?: string;
  };
  /** The container's kind (`docker`, `podman`, `lxc`...) where the process runs in one. */
  readonly container?: string;
  /** As Node or `uname -m` spell it. */
  readonly arch: string;
}

export interface InterfaceAddress {
  readonly family: 'ipv4' | 'ipv6';
  /** Without a zone. */
  readonly address: string;
  /** Bits of the network part. */
  readonly prefix: number;
  /** The zone of an IPv6 link-local address: the interface's number. */
  readonly scopeId?: number;
}

/** What the system says about one interface; null where it doesn't say. */
export interface InterfaceFacts {
  readonly name: string;
  /** null: can't be known, as when reading a copied tree of another machine. */
  readonly addresses: readonly InterfaceAddress[] | null;
  /** Set up by the administrator. */
  readonly up: boolean;
  /** The link is there: cable plugged in, or associated. */
  readonly carrier: boolean | null;
  /** The interface's multicast flag. */
  readonly multicast: boolean | null;
  readonly wireless: boolean;
  /** Number of the link type (`ARPHRD_...`): 1 Ethernet, 512 PPP, 772 loopback, 65534 no link layer. */
  readonly type: number | null;
  /** `DEVTYPE` of the interface: `wlan`, `wwan`, `bridge`, `vlan`, `gadget`... */
  readonly devtype: string | null;
  /** The kernel driver's name. */
  readonly driver: string | null;
  readonly mtu: number | null;
}
