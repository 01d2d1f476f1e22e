import { type Endpoint, isDialable } from '../core/endpoint.ts';
import type { NodeId } from '../core/ids.ts';
import { isReservedKey, isSecretKey } from '../core/reserved-keys.ts';
import type { MemberView, RecordView, WaitingView } from '../core/views.ts';
import type { OwnerRecords } from '../data/owner-records.ts';
import { isEmpty, isLive, type StoredRecord } from '../data/stored-record.ts';
import type { Member } from '../membership/member.ts';
import type { EngineContext } from './context.ts';
import type { RecordFilter } from './contract.ts';

/** The members as an application sees them: this node first, then by name. */
export function memberViews(ctx: EngineContext, nowMs: number): MemberView[] {
  const others = Array.from(ctx.members.all(), (member) => memberView(ctx, member, nowMs));
  others.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
  return [selfView(ctx), ...others];
}

/** Live records that a filter accepts; not the reserved ones, unless asked for by their key. */
export function recordViews(ctx: EngineContext, filter: RecordFilter, nowMs: number): RecordView[] {
  const views: RecordView[] = [];
  const owners = filter.owner === undefined ? ctx.table.owners() : ownersOf(ctx, filter.owner);
  for (const records of owners) {
    for (const newest of candidates(records, filter.key)) {
      const record = records.held === undefined ? newest : records.seen(newest, nowMs);
      if (record !== undefined && isLive(record) && matches(record.key, filter.key))
        views.push(recordView(ctx, records.owner, record, nowMs));
    }
  }
  return views;
}

/** Records that came so long ago and that readers don't see yet, the longest first. */
export function waitingViews(ctx: EngineContext, overMs: number, nowMs: number): WaitingView[] {
  const waiting = ctx.table.waitingSince(nowMs - overMs).sort((a, b) => a.sinceMs - b.sinceMs);
  return waiting.map(({ records, key, sinceMs }) => {
    const record = records.get(key);
    const lacks = record !== undefined && isEmpty(record) ? 'value' : 'batch';
    return { owner: records.owner, node: nameOf(ctx, records.owner), key, waitedMs: nowMs - sinceMs, lacks };
  });
}

/** One record as a reader sees it now. */
export function recordView(
  ctx: EngineContext,
  owner: NodeId,
  record: StoredRecord,
  nowMs: number,
): RecordView {
  return {
    owner,
    node: nameOf(ctx, owner),
    key: record.key,
    value: record.value,
    unit: record.unit ?? null,
    quality: record.quality,
    version: record.version,
    ageMs: Math.max(0, Math.round(nowMs - record.setAtMs)),
    ageBoundMs: record.ageBoundMs,
    ttlMs: record.ttlMs ?? null,
  };
}

function nameOf(ctx: EngineContext, owner: NodeId): string {
  return owner === ctx.id ? ctx.self.name : (ctx.members.get(owner)?.facts.name ?? owner);
}

function ownersOf(ctx: EngineContext, owner: NodeId): OwnerRecords[] {
  const records = ctx.table.owner(owner);
  return records === undefined ? [] : [records];
}

/** One key is looked up, not looked for. */
function candidates(records: OwnerRecords, wanted: string | undefined): Iterable<StoredRecord> {
  const { held } = records;
  if (wanted === undefined || wanted.endsWith('/'))
    return held === undefined ? records.values() : [...records.values(), ...held.left.values()];
  const record = records.get(wanted) ?? held?.left.get(wanted);
  return record === undefined ? [] : [record];
}

function matches(key: string, wanted: string | undefined): boolean {
  if (isSecretKey(key)) return false;
  if (wanted === undefined) return !isReservedKey(key);
  return wanted.endsWith('/') ? key.startsWith(wanted) : key === wanted;
}

/** This node as one of the members. */
export function selfView(ctx: EngineContext): MemberView {
  return {
    id: ctx.id,
    name: ctx.self.name,
    state: ctx.self.state,
    boot: ctx.own.boot,
    incarnation: ctx.self.incarnation,
    endpoints: ctx.endpoints,
    tags: ctx.self.tags,
    lastHeardMs: 0,
    phi: null,
    rttMs: null,
    accusers: [],
    segment: null,
    path: null,
    twin: ctx.twins.isTwin(ctx.id),
    flags: ctx.twins.isTwin(ctx.id) ? ['self', 'twin'] : ['self'],
  };
}

/** One other member. */
export function memberView(ctx: EngineContext, member: Member, nowMs: number): MemberView {
  const twin = ctx.twins.isTwin(member.id);
  const lastMs = member.arrivals.lastMs;
  return {
    id: member.id,
    name: member.facts.name,
    state: member.state,
    boot: member.boot,
    incarnation: member.facts.incarnation,
    endpoints: member.facts.endpoints,
    tags: member.facts.tags,
    lastHeardMs: lastMs === null ? null : Math.max(0, Math.round(nowMs - lastMs)),
    phi: member.present ? member.arrivals.phi(nowMs) : null,
    rttMs: member.roundTrip.smoothedMs,
    accusers: member.suspicion.accusers,
    segment: member.heardByMulticast(nowMs) ? member.heard.segment : null,
    path: member.endpoint && shownEndpoint(member.endpoint),
    twin,
    flags: [...(twin ? ['twin'] : []), ...(member.endpoint === null && member.askable ? ['relayed'] : [])],
  };
}

/** A session that a member opened to this node has no port that means anything to others: 0. */
export function shownEndpoint(endpoint: Endpoint): Endpoint {
  return isDialable(endpoint) ? endpoint : { ...endpoint, port: 0 };
}
