import { type RandomSource, shuffle } from '../core/random.ts';
import type { Member } from './member.ts';

/** Tags by which an operator may say where nodes stand. */
const PLACE_TAGS = ['segment', 'site'] as const;
/** Bits of an address that nodes of one subnet are taken to share: /24, and /64. */
const IPV4_PREFIX = /^\d+\.\d+\.\d+\./;
const IPV6_GROUPS = 4;

/** Who proved its life to this node within this time is likely to be reached by it again. */
const REACHED_MS = 60_000;

/**
 * Chooses whom to ask to probe a member that doesn't answer: first who reached it the last time, then mostly such that stand where it
 * stands, because they reach it if anybody does; and one from elsewhere, because a whole segment may be cut off from the rest. Of each
 * kind those come first that this node itself reached lately: with a bad link of its own it must not take everybody else for dead.
 */
export function chooseHelpers(
  target: Member,
  candidates: readonly Member[],
  { count, nowMs, random }: { count: number; nowMs: number; random: RandomSource },
): Member[] {
  const near: Member[] = [];
  const far: Member[] = [];
  const chosen: Member[] = [];
  for (const member of shuffle(random, [...candidates])) {
    if (member.id === target.lastHelper) chosen.push(member);
    else (isNear(member, target, nowMs) ? near : far).push(member);
  }
  const isReached = (member: Member) => member.provedAtMs >= nowMs - REACHED_MS;
  const reachedFirst = (a: Member, b: Member) => Number(isReached(b)) - Number(isReached(a));
  near.sort(reachedFirst);
  far.sort(reachedFirst);
  return [...chosen, ...far.splice(0, 1), ...near, ...far].slice(0, Math.max(0, count));
}

/** Whether two members share a segment, by what is heard of them, else what they say, else their addresses. */
function isNear(member: Member, target: Member, nowMs: number): boolean {
  const heard = target.heardByMulticast(nowMs);
  if (heard || member.heardByMulticast(nowMs)) {
    return heard && member.heardByMulticast(nowMs) && member.heard.segment === target.heard.segment;
  }
  for (const tag of PLACE_TAGS) {
    const place = target.facts.tags[tag];
    if (place !== undefined) return member.facts.tags[tag] === place;
  }
  const prefix = subnetOf(target);
  return prefix !== undefined && subnetOf(member) === prefix;
}

function subnetOf(member: Member): string | undefined {
  const address = member.endpoint?.address;
  if (address === undefined) return undefined;
  if (!address.includes(':')) return IPV4_PREFIX.exec(address)?.[0];
  const [head, tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) while (groups.length < IPV6_GROUPS) groups.push('0');
  return groups.slice(0, IPV6_GROUPS).join(':');
}
