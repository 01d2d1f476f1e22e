import { votersOf } from '../coordination/lease/roster.ts';
import type { NodeId } from '../core/ids.ts';
import type { LeasesView, LeaseView, RosterView, VoterView } from '../core/lease-views.ts';
import type { Roster } from '../core/roster.ts';
import type { EngineContext } from './context.ts';
import type { LeaseDesk } from './lease-desk.ts';

/** Leases, voters and this node's own vote, as people see them. */
export function leasesView(ctx: EngineContext, desk: LeaseDesk, nowMs: number): LeasesView {
  return {
    roster: rosterView(ctx, desk),
    voter: voterView(desk, nowMs),
    leases: desk.names().map((name) => leaseView(ctx, desk, name, nowMs)),
  };
}

function rosterView(ctx: EngineContext, desk: LeaseDesk): RosterView | null {
  const { roster, voter } = desk;
  if (roster === undefined) return null;
  const { version, mark } = roster;
  const voters = votersOf(roster).map((id) => ({
    id,
    name: nameOf(ctx, id),
    state: id === ctx.id ? ('alive' as const) : (ctx.members.get(id)?.state ?? ('unknown' as const)),
    set: setOf(roster, id),
  }));
  return { version, mark, settled: voter?.isVoter === true ? voter.isSettled : null, voters };
}

function setOf(roster: Roster, id: NodeId): RosterView['voters'][number]['set'] {
  const [present, previous] = [roster.voters.includes(id), roster.previous.includes(id)];
  if (present && previous) return 'both';
  return present ? 'present' : 'previous';
}

function voterView({ voter, given, roster }: LeaseDesk, nowMs: number): VoterView {
  const isFollowed = given === undefined || given.mark === roster?.mark;
  const waitUntilMs = voter?.waitUntilMs ?? Number.POSITIVE_INFINITY;
  return {
    standing: voter?.standing ?? 'no-roster',
    missing: voter?.missing ?? 0,
    waitMs: waitUntilMs === Number.POSITIVE_INFINITY ? null : Math.max(0, waitUntilMs - nowMs),
    givenVersion: isFollowed ? null : given.version,
    promises: voter?.book.promises().length ?? 0,
  };
}

function leaseView(ctx: EngineContext, desk: LeaseDesk, name: string, nowMs: number): LeaseView {
  const own = desk.own(name, nowMs) ?? null;
  const nothing = { name, state: 'free', holder: null, node: null, fence: null, ttlMs: null } as const;
  if (desk.roster === undefined) return { ...nothing, votes: 0, own };
  const { state, report, votes } = desk.observer.look(name, desk.roster, (id) => speaks(ctx, id));
  if (report === undefined) return { ...nothing, state, votes, own };
  const { holder, fence, ttlMs } = report;
  return { name, state, holder, node: nameOf(ctx, holder), fence, ttlMs, votes, own };
}

/** What a voter said counts while it may still be so: nobody hears from one that is gone that a promise ended. */
function speaks(ctx: EngineContext, id: NodeId): boolean {
  const state = id === ctx.id ? 'alive' : ctx.members.get(id)?.state;
  return state !== undefined && state !== 'down' && state !== 'left';
}

function nameOf(ctx: EngineContext, id: NodeId): string | null {
  return id === ctx.id ? ctx.self.name : (ctx.members.get(id)?.facts.name ?? null);
}
