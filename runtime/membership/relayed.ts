import type { Member } from './member.ts';
import type { MemberTable } from './member-table.ts';

/** Who proved its life to this node within this time is likely to be reached by it again. */
const REACHED_MS = 60_000;

/** Whether it proved its life to this node lately, by whatever way. */
export function isReached(member: Member, nowMs: number): boolean {
  return member.provedAtMs >= nowMs - REACHED_MS;
}

/** Those that a member says it is reached through, as far as they take part. */
export function relaysOf({ id, facts }: Member, members: MemberTable): Member[] {
  const relays = (facts.relays ?? []).flatMap((relay) => members.get(relay) ?? []);
  return relays.filter((relay) => relay.present && relay.id !== id);
}

/** Whose silence must be known before that of a member can be judged: relays that this node hasn't reached lately. */
export function relaysToProbe(target: Member, members: MemberTable, nowMs: number): Member[] {
  if (target.facts.relays === undefined || wasReachedDirectly(target)) return [];
  return relaysOf(target, members).filter((relay) => !isReached(relay, nowMs));
}

/**
 * Whether the silence of a member says nothing of it: it is reached through others that live, and this node reaches none of those without
 * help, nor ever reached the member so. Its relays miss it themselves when it is gone [P-19.11].
 * @param answered who was heard in the probe that failed.
 */
export function isOutOfSight(
  target: Member,
  about: { readonly members: MemberTable; readonly answered: ReadonlySet<string>; readonly nowMs: number },
): boolean {
  const { members, answered, nowMs } = about;
  if (target.facts.relays === undefined || wasReachedDirectly(target)) return false;
  // A relay that nobody reaches vouches for nothing, or two that name each other would live for ever.
  const living = relaysOf(target, members).filter((relay) => isReached(relay, nowMs));
  return living.length > 0 && living.every((relay) => relay.lastHelper !== null && !answered.has(relay.id));
}

function wasReachedDirectly({ lastHelper, provedAtMs }: Member): boolean {
  return lastHelper === null && Number.isFinite(provedAtMs);
}
