import type { ProfileSource } from '../schema.ts';

/** What holds for any Linux machine; every other profile extends it. */
export const linuxCommon: ProfileSource = {
  schema: 1,
  id: 'linux-common',
  title: 'Any Linux machine',
  interfaces: [
    { id: 'loopback', name: '^lo\\d?$', kind: 'loopback', priority: 0, multicast: 'full', mtu: null },
    {
      // Bridges and pairs of containers and virtual machines: the same neighbours are on the uplink already.
      id: 'containers',
      name: '^(docker|br-[0-9a-f]{12}|veth|virbr|vnet|lxc|lxd|cni|flannel|cali|cilium|podman|kube|nodelocaldns)',
      kind: 'virtual',
      priority: 5,
      multicast: 'off',
      ignore: true,
    },
    {
      id: 'tunnels',
      name: '^(tailscale|zt|wg|tun|tap|utun|nebula|sit|ip6tnl|ip6gre|gre|gretap|erspan|tunl|ip_vti|ip6_vti)',
      kind: 'virtual',
      priority: 10,
      multicast: 'off',
      mtu: 1280,
      ignore: true,
    },
    {
      id: 'pseudo',
      name: '^(dummy|ifb|teql|can|vcan|slcan|nlmon|mon|p2p-|awdl|llw|hwsim)',
      kind: 'virtual',
      priority: 0,
      multicast: 'off',
      ignore: true,
    },
    {
      // A month's 25 MB and no multicast: a mobile network carries none, and the byte costs money. At most half of the 64 kbit/s that a
      // used-up tariff leaves: a storm of updates neither fills the link nor, in an hour, spends more than 15 MB.
      id: 'wan',
      name: '^(wwan|ppp|wwp|wws|rmnet|usb_modem)',
      kind: 'wan',
      priority: 20,
      multicast: 'off',
      mtu: 1280,
      presenceIntervalMs: 60_000,
      bytesPerSecondMax: 4_000,
      bytesPerMonthMax: 25_000_000,
      metered: true,
    },
    {
      // Wi-Fi sends multicast at the base rate, without retries, and drops it in power save: enough to be found by.
      id: 'wifi',
      name: '^(wlan|wl|ath|ra\\d|mlan)',
      kind: 'wifi',
      priority: 60,
      multicast: 'discovery',
      mtu: 1400,
      presenceIntervalMs: 2000,
    },
    {
      id: 'gadget',
      name: '^(usb|rndis|ncm)\\d',
      kind: 'gadget',
      priority: 40,
      multicast: 'full',
      mtu: 1400,
      presenceIntervalMs: 1000,
    },
    {
      id: 'wired',
      name: '^(eth|end|en|em\\d|lan|wan\\d?$|br|bond|team|bat)',
      kind: 'wired',
      priority: 80,
      multicast: 'full',
      mtu: 1500,
      presenceIntervalMs: 1000,
    },
  ],
  sensors: {
    thermalZones: ['cpu-thermal', 'cpu_thermal', 'soc-thermal', 'soc_thermal', 'x86_pkg_temp', 'acpitz'],
    throttlePath: null,
    undervoltageHwmon: null,
    warnCelsius: 75,
    critCelsius: 85,
  },
  limits: { heapMiBMax: 128, recordsMax: 50_000, ownersMax: 1000 },
  watchdog: { mode: 'systemd', serviceTimeoutMs: 30_000, hardwareTimeoutMsMax: null },
  storage: { medium: 'unknown', syncIntervalMs: 5000, spoolMiBMax: 64, freePercentMin: 10 },
  serialPorts: [],
  clock: { rtc: 'optional' },
};
