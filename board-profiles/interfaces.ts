import { type UsableAddress, usableAddresses } from './addresses.ts';
import type { InterfaceFacts } from './facts.ts';
import type { InterfaceChoice, InterfaceDecision, InterfaceOverrides } from './interface-decision.ts';
import { interfaceNotices } from './interface-notices.ts';
import { carriesIp, ruleFor, systemKind } from './link-kind.ts';
import { nameFits, wantedNames } from './name-list.ts';
import {
  type BoardProfile,
  INTERFACE_RULE_DEFAULTS,
  type InterfaceRule,
  type LinkKind,
  type MulticastUse,
} from './profile.ts';

const MTU_UNKNOWN = 1500;
/** Smallest link MTU that carries a datagram of 1200 bytes with UDP and IPv6 headers. */
const MTU_COMFORTABLE = 1248;

/**
 * Decides which interfaces to use and how, and says why. Pure: call it again with new facts after a change.
 *
 * An interface is used when a rule of the profile fits, it is up, has its link and an address. Loopback is used when it
 * is named, or when nothing else is usable; a metered one when it is named, or when nothing unmetered is usable.
 */
export function chooseInterfaces(
  facts: readonly InterfaceFacts[],
  profile: BoardProfile,
  overrides: InterfaceOverrides = {},
): InterfaceChoice {
  const judged = facts.map((one) => judge(one, profile, overrides));
  const unmetered = judged.some((j) => j.verdict === 'use' && !j.decision.metered);
  const regular = unmetered || judged.some((j) => j.verdict === 'use' || j.verdict === 'metered');
  const best = judged
    .filter((j) => j.verdict === 'use' && !j.decision.metered)
    .sort((a, b) => b.decision.priority - a.decision.priority)[0]?.decision.name;
  const interfaces = judged.map(({ verdict, decision }): InterfaceDecision => {
    if (verdict === 'metered') {
      return unmetered
        ? { ...decision, use: false, why: `metered, kept in reserve while ${best} is usable` }
        : decision;
    }
    if (verdict === 'loopback' && regular) {
      return { ...decision, use: false, why: 'loopback: reaches only this machine' };
    }
    return decision;
  });
  interfaces.sort(
    (a, b) => Number(b.use) - Number(a.use) || b.priority - a.priority || (a.name < b.name ? -1 : 1),
  );
  return { interfaces, notices: interfaceNotices(interfaces, overrides) };
}

/** `use` and `no` stand; `metered` and `loopback` depend on what else there is. */
type Verdict = 'use' | 'no' | 'metered' | 'loopback';

function judge(
  facts: InterfaceFacts,
  profile: BoardProfile,
  overrides: InterfaceOverrides,
): { verdict: Verdict; decision: InterfaceDecision } {
  const rule = ruleFor(facts, profile);
  const kind = systemKind(facts) ?? rule?.kind ?? 'virtual';
  const named = overrides.only !== undefined && nameFits(overrides.only, facts.name);
  const addresses = facts.addresses === null ? null : usableAddresses(facts.addresses);
  const obstacle = findObstacle({ facts, rule, addresses, named, overrides });
  const settings = rule ?? { ...INTERFACE_RULE_DEFAULTS, priority: 1, multicast: 'off' as const };
  const multicast = decideMulticast(facts, kind, overrides.multicast ?? settings.multicast);
  const mtu = Math.min(settings.mtu ?? Number.POSITIVE_INFINITY, facts.mtu ?? MTU_UNKNOWN);
  const verdict: Verdict =
    obstacle !== null
      ? 'no'
      : named
        ? 'use'
        : kind === 'loopback'
          ? 'loopback'
          : settings.metered
            ? 'metered'
            : 'use';
  return {
    verdict,
    decision: {
      name: facts.name,
      use: obstacle === null,
      kind,
      multicast: multicast.use,
      mtu,
      priority: settings.priority,
      addresses: addresses ?? [],
      presenceIntervalMs: settings.presenceIntervalMs,
      bytesPerSecondMax: settings.bytesPerSecondMax,
      bytesPerMonthMax: settings.bytesPerMonthMax,
      metered: settings.metered,
      rule: rule?.id ?? null,
      why: obstacle ?? praise({ facts, kind, verdict, addresses, mtu, multicastWhy: multicast.why, named }),
    },
  };
}

function findObstacle(about: {
  facts: InterfaceFacts;
  rule: InterfaceRule | null;
  addresses: readonly UsableAddress[] | null;
  named: boolean;
  overrides: InterfaceOverrides;
}): string | null {
  const { facts, rule, addresses, named, overrides } = about;
  if (overrides.exclude !== undefined && nameFits(overrides.exclude, facts.name))
    return 'excluded by configuration';
  if (overrides.only !== undefined && !named)
    return `not among the named ones (${wantedNames(overrides.only)})`;
  if (!carriesIp(facts)) return `link type ${facts.type} carries no IP`;
  if (!named && rule === null) return 'no rule of the profile knows this name; name it to use it';
  if (!named && rule?.ignore) return `ignored by the profile (${rule.id}); name it to use it`;
  if (!facts.up) return 'down';
  if (facts.carrier === false) return systemKind(facts) === 'wifi' ? 'not associated' : 'no carrier';
  if (addresses !== null && addresses.length === 0) {
    return facts.addresses?.length ? 'only addresses that cannot be bound' : 'no address yet';
  }
  return null;
}

function decideMulticast(
  facts: InterfaceFacts,
  kind: LinkKind,
  wanted: MulticastUse,
): { use: MulticastUse; why: string | null } {
  // Loopback lacks the flag and carries multicast between the daemons of one machine all the same.
  if (wanted !== 'off' && facts.multicast === false && kind !== 'loopback') {
    return { use: 'off', why: 'the interface has no multicast' };
  }
  return { use: wanted, why: null };
}

function praise(about: {
  facts: InterfaceFacts;
  kind: LinkKind;
  verdict: Verdict;
  addresses: readonly UsableAddress[] | null;
  mtu: number;
  multicastWhy: string | null;
  named: boolean;
}): string {
  const { facts, kind, verdict, addresses, mtu, multicastWhy, named } = about;
  const parts: string[] = [kind];
  if (named) parts.push('named explicitly');
  if (verdict === 'loopback') parts.push('nothing else is usable');
  if (verdict === 'metered') parts.push('metered, nothing unmetered is usable');
  if (kind !== 'loopback') parts.push(facts.carrier === null ? 'up' : 'link up');
  if (addresses === null) parts.push('addresses unknown');
  else if (addresses.every((a) => a.scope === 'link')) parts.push('only link-local addresses');
  if (multicastWhy !== null) parts.push(multicastWhy);
  if (mtu < MTU_COMFORTABLE) parts.push(`MTU ${mtu} splits a datagram of 1200 bytes`);
  return parts.join(', ');
}
