import type { NodeId } from '../core/ids.ts';
import type { AccuserView, SuspicionView, VerdictView, WhyView } from '../core/why.ts';
import type { Member } from '../membership/member.ts';
import type { Verdict, Witness } from '../membership/verdict-log.ts';
import type { EngineContext } from './context.ts';
import { memberView, selfView, shownEndpoint } from './views.ts';

/** The evidence behind what this node says of a member, or of itself; undefined where it knows no such member. */
export function whyView(ctx: EngineContext, id: NodeId, nowMs: number): WhyView | undefined {
  const verdicts = ctx.accuser.log.of(id).map((verdict) => verdictView(ctx, verdict, nowMs));
  const twin = twinView(ctx, id, nowMs);
  if (id === ctx.id) return { ...NOTHING, member: selfView(ctx), twin, verdicts };
  const member = ctx.members.get(id);
  if (member === undefined) return undefined;
  return {
    member: memberView(ctx, member, nowMs),
    stateMs: agoMs(member.changedAtMs, nowMs),
    heardBy: member.arrivals.lastMs === null ? null : member.heardBy,
    pathFrom: member.endpoint === null ? null : member.isObservedAt(member.endpoint) ? 'heard' : 'announced',
    paths: pathsView(member),
    relays: relaysView(ctx, member),
    roundTrip: {
      smoothedMs: member.roundTrip.smoothedMs,
      highMs: member.roundTrip.highMs,
      timeoutMs: ctx.prober.timeoutFor(member),
    },
    vouchedForMs:
      member.heard.vouchedUntilMs > nowMs ? Math.round(member.heard.vouchedUntilMs - nowMs) : null,
    lastHelper:
      member.lastHelper === null ? null : { id: member.lastHelper, name: nameOf(ctx, member.lastHelper) },
    suspicion: member.suspicion.size === 0 ? null : suspicionView(ctx, member, nowMs),
    retry: member.state === 'down' ? retryView(ctx, member, nowMs) : null,
    twin,
    verdicts,
  };
}

const NOTHING = {
  stateMs: null,
  heardBy: null,
  pathFrom: null,
  paths: [],
  relays: [],
  roundTrip: null,
  vouchedForMs: null,
  lastHelper: null,
  suspicion: null,
  retry: null,
} as const;

function suspicionView(ctx: EngineContext, member: Member, nowMs: number): SuspicionView {
  const hasFallen = member.state === 'down' || member.state === 'left';
  // The log knows an accuser's first word, where it has said more since.
  const [latest] = ctx.accuser.log.of(member.id);
  const witnesses = ctx.accuser
    .witnesses(member)
    .map((witness) => latest?.witnesses.find(({ accuser }) => accuser === witness.accuser) ?? witness)
    .sort((a, b) => a.madeAtMs - b.madeAtMs);
  return {
    accusers: witnesses.map((witness) => accuserView(ctx, witness, nowMs)),
    confirmationsWanted: ctx.accuser.confirmationsWanted,
    confirmations: member.suspicion.size - 1,
    refusedBy: member.suspicion.refusedBy,
    fallsInMs: hasFallen ? null : Math.max(0, Math.round(ctx.accuser.fallsAtMs(member) - nowMs)),
  };
}

function twinView(ctx: EngineContext, id: NodeId, nowMs: number): WhyView['twin'] {
  const twin = ctx.twins.of(id);
  if (twin === undefined) return null;
  const witnesses = twin.witnesses.map((witness) => ({ id: witness, name: nameOf(ctx, witness) }));
  return { sinceMs: agoMs(twin.sinceMs, nowMs), lives: twin.lives, witnesses };
}

function pathsView({ paths }: Member): WhyView['paths'] {
  const all = paths?.all() ?? [];
  return all.length < 2
    ? []
    : all.map(({ endpoint, standing }) => ({ endpoint: shownEndpoint(endpoint), standing }));
}

function relaysView(ctx: EngineContext, { facts: { relays = [] } }: Member): WhyView['relays'] {
  return relays.map((id) => ({ id, name: nameOf(ctx, id) }));
}

function retryView(ctx: EngineContext, { calledAtMs, changedAtMs }: Member, nowMs: number) {
  const isOfNow = calledAtMs !== null && calledAtMs >= changedAtMs;
  return { everyMs: ctx.settings.retryIntervalMs, lastMs: isOfNow ? agoMs(calledAtMs, nowMs) : null };
}

function verdictView(ctx: EngineContext, verdict: Verdict, nowMs: number): VerdictView {
  const { boot, incarnation, startedMs, downMs, endedMs, end, accuserCount, witnesses } = verdict;
  return {
    boot,
    incarnation,
    startedMs: agoMs(startedMs, nowMs),
    downMs: downMs === null ? null : agoMs(downMs, nowMs),
    endedMs: endedMs === null ? null : agoMs(endedMs, nowMs),
    end,
    accuserCount,
    accusers: witnesses.map((witness) => accuserView(ctx, witness, nowMs)),
  };
}

function accuserView(ctx: EngineContext, witness: Witness, nowMs: number): AccuserView {
  const { accuser, stage, madeAtMs, heardAtMs, evidence } = witness;
  const { waitedMs, helpers, nacks, localHealth, refusals = 0 } = evidence;
  return {
    id: accuser,
    name: nameOf(ctx, accuser),
    stage,
    saidMs: agoMs(madeAtMs, nowMs),
    heardMs: agoMs(heardAtMs, nowMs),
    evidence: { waitedMs, helpers, nacks, localHealth, refusals },
  };
}

function nameOf(ctx: EngineContext, id: NodeId): string {
  return id === ctx.id ? ctx.self.name : (ctx.members.get(id)?.facts.name ?? id);
}

function agoMs(atMs: number, nowMs: number): number {
  return Math.max(0, Math.round(nowMs - atMs));
}
