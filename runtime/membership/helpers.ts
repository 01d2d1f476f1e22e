import { type RandomSource, shuffle } from '../core/random.ts';
import type { Member } from './member.ts';
import { isReached } from './relayed.ts';

/** Tags by which an operator may say where nodes stand. */
const PLACE_TAGS = ['segment', 'site'] as const;
/** Bits of an address that nodes of one subnet are taken to share: /24, and /64. */
const IPV4_PREFIX = /^\d+\.\d+\.\d+\./;
const IPV6_GROUPS = 4;

/**
 * Chooses whom to ask to probe a member that doesn't answer: first those that it names as its relays, and who reached it the last time, then mostly such that stand where it
 * stands, because they reach it if anybody does; and one from elsewhere, because a whole segment may be cut off from the rest. Of each
 * kind those come first that this node itself reached lately: with a bad link of its own it must not take everybody else for dead.
 */
export function chooseHelpers(
  target: Member,
  candidates: readonly Member[],
  { count, nowMs, random }: { count: number; nowMs: number; random: RandomSource },
): Member[] {
  const relays = target.facts.relays === undefined ? [] : named(target, candidates, random);
  // Nobody else reaches it: to ask others is to hear no from all of them.
  if (relays.length > 0 && target.endpoint === null) return relays.slice(0, count);
  const near: Member[] = [];
  const far: Member[] = [];
  const chosen: Member[] = [];
  for (const member of shuffle(random, [...candidates])) {
    if (relays.includes(member)) continue;
    if (member.id === target.lastHelper) chosen.push(member);
    else (isNear(member, target, nowMs) ? near : far).push(member);
  }
  const reachedFirst = (a: Member, b: Member) => Number(isReached(b, nowMs)) - Number(isReached(a, nowMs));
  near.sort(reachedFirst);
  far.sort(reachedFirst);
  // Who is reached by HTTP only, because UDP fails, may be the one that the target fell back to likewise.
  const byHttp = [...near, ...far].find(({ endpoint }) => endpoint?.transport === 'http');
  const first = [...relays, ...chosen, ...(byHttp === undefined ? [] : [byHttp])];
  const rest = [...far.splice(0, 1), ...near, ...far].filter((member) => member !== byHttp);
  return [...first, ...rest].slice(0, Math.max(0, count));
}

/** Those that the target itself says it is reached through. */
function named({ facts }: Member, candidates: readonly Member[], random: RandomSource): Member[] {
  return shuffle(
    random,
    candidates.filter(({ id }) => facts.relays?.includes(id)),
  );
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
