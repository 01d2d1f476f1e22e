import type { InterfaceFacts } from './facts.ts';
import { testPattern } from './pattern.ts';
import type { BoardProfile, InterfaceRule, LinkKind } from './profile.ts';

const ARPHRD_ETHER = 1;
const ARPHRD_PPP = 512;
const ARPHRD_LOOPBACK = 772;
/** Link types that carry IP between boards: Ethernet, PPP, IP over InfiniBand, raw IP (modems), loopback, none (tunnels). */
const IP_TYPES = new Set([ARPHRD_ETHER, ARPHRD_PPP, 32, 519, ARPHRD_LOOPBACK, 65534]);

const KIND_OF_DEVTYPE: ReadonlyMap<string, LinkKind> = new Map([
  ['wlan', 'wifi'],
  ['wwan', 'wan'],
  ['gadget', 'gadget'],
  ['wireguard', 'virtual'],
  ['vxlan', 'virtual'],
]);

/** The kind that the system itself is sure of; null where only the name can tell. */
export function systemKind(facts: InterfaceFacts): LinkKind | null {
  if (facts.type === ARPHRD_LOOPBACK) return 'loopback';
  if (facts.wireless) return 'wifi';
  const byDevtype = facts.devtype === null ? undefined : KIND_OF_DEVTYPE.get(facts.devtype);
  if (byDevtype !== undefined) return byDevtype;
  if (facts.type === ARPHRD_PPP) return 'wan';
  return null;
}

/** Whether an interface of this type can carry UDP at all; unknown types get the benefit of the doubt. */
export function carriesIp(facts: InterfaceFacts): boolean {
  return facts.type === null || IP_TYPES.has(facts.type);
}

/**
 * The rule that decides about an interface: the first whose name pattern fits, unless the system knows better what kind
 * it is (a Wi-Fi stick that calls itself `eth1`); then the first rule of that kind.
 */
export function ruleFor(facts: InterfaceFacts, profile: BoardProfile): InterfaceRule | null {
  const byName = profile.interfaces.find((rule) => testPattern(rule.name, facts.name)) ?? null;
  const kind = systemKind(facts);
  if (kind === null || byName?.kind === kind || byName?.ignore) return byName;
  return profile.interfaces.find((rule) => rule.kind === kind && !rule.ignore) ?? byName;
}
