import type { KeysView, MemberKeys } from '#runtime/core/key-views.ts';
import type { LeaseView } from '#runtime/core/lease-views.ts';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import type { MemberState, MemberView, RecordView } from '#runtime/core/views.ts';
import type { WhyView } from '#runtime/core/why.ts';
import type { ApiService } from './service.ts';
import { securityJson } from './trust-views.ts';

const NO_KEYS: KeysView = { use: null, keys: [], members: [], waiting: [], saving: false };
const STATES: readonly MemberState[] = ['joining', 'alive', 'suspect', 'down', 'leaving', 'left'];

/** The document of `GET /v1/status`. */
export function statusDocument(service: ApiService) {
  const { node } = service;
  return {
    schema: 'gridvine.status/1',
    id: node.id,
    name: node.name,
    cluster: node.cluster,
    version: service.version,
    protocol: service.protocol,
    uptimeMs: Math.round(node.uptimeMs),
    profile: service.profile()?.id ?? null,
    security: securityJson(service),
    members: countByState(node.members()),
    records: node.recordCount,
    quota: node.quota(),
    drops: node.counters.drops,
    interfaces: node.traffic(),
    health: service.health().map((item) => ({
      code: item.code,
      severity: item.severity,
      title: item.title,
      text: item.text,
      sinceMs: Math.round(item.sinceMs),
    })),
  };
}

/** The document of `GET /v1/members`. */
export function membersDocument(service: ApiService) {
  return {
    schema: 'gridvine.members/1',
    self: service.node.id,
    members: service.node.members().map(memberJson),
  };
}

/** The document of `GET /v1/members/{id}/why`. */
export function whyDocument({ member, ...why }: WhyView, self: string) {
  return { schema: 'gridvine.why/1', self, member: memberJson(member), ...why };
}

/** The document of `GET /v1/keys`. */
export function keysDocument({ node }: ApiService) {
  // There a key lives for a day, and is nobody's to handle.
  const isByCertificates = node.trust() !== undefined;
  const { use, keys, members, waiting, saving } = isByCertificates ? NO_KEYS : node.keys();
  const idsOf = (which: (member: MemberKeys) => boolean) => members.filter(which).map(({ id }) => id);
  return {
    schema: 'gridvine.keys/1',
    self: node.id,
    mode: isByCertificates ? 'certificates' : 'psk',
    use,
    keys: keys.map(({ fingerprint, state, held }) => ({
      fingerprint,
      state,
      held,
      have: idsOf(({ reads }) => reads.includes(fingerprint)),
      write: idsOf(({ writes }) => writes === fingerprint),
      lack: idsOf(({ reads }) => !reads.includes(fingerprint)),
    })),
    members,
    waiting,
    saving,
  };
}

/** The document of `GET /v1/leases`. */
export function leasesDocument({ node }: ApiService) {
  const { roster, voter, leases } = node.leases();
  return {
    schema: 'gridvine.leases/1',
    self: node.id,
    roster,
    voter: { ...voter, waitMs: whole(voter.waitMs) },
    leases: leases.map(leaseJson),
  };
}

export function leaseJson(lease: LeaseView) {
  const { own } = lease;
  return { ...lease, own: own && { ...own, leftMs: own.leftMs === null ? null : Math.floor(own.leftMs) } };
}

export interface RecordsQuery {
  readonly key?: string;
  /** A node's name or id. */
  readonly node?: string;
}

/** The document of `GET /v1/records`. */
export function recordsDocument(service: ApiService, { key, node }: RecordsQuery) {
  const records = service.node.records(key === undefined ? {} : { key });
  const wanted = node === undefined ? records : records.filter((r) => r.owner === node || r.node === node);
  return { schema: 'gridvine.records/1', records: wanted.map((record) => recordJson(record)) };
}

export function recordJson(record: RecordView, heldMs = 0) {
  return {
    id: record.owner,
    node: record.node,
    key: record.key,
    value: valueToJson(record.value),
    unit: record.unit,
    quality: record.quality,
    version: record.version,
    ageMs: Math.round(record.ageMs + heldMs),
    ageBoundMs: Number.isFinite(record.ageBoundMs) ? Math.ceil(record.ageBoundMs as number) : null,
    ttlMs: record.ttlMs,
    ...(record.ageBoundMs === Number.POSITIVE_INFINITY && { ageUnknown: true }),
  };
}

/** One event of the stream. `heldMs`: how long ago it happened, which the record's age has to include. */
export function eventJson(event: EngineEvent, cursor: string, heldMs: number) {
  const head = { schema: 'gridvine.event/1', cursor, type: event.type };
  if (event.type === 'user-event') {
    const { payload, ageMs, ...rest } = event.event;
    return { ...head, ...rest, payload: valueToJson(payload), ageMs: Math.round(ageMs + heldMs) };
  }
  if (event.type === 'event-gap') return { ...head, ...event.gap };
  if (event.type !== 'record') return { ...head, ...event, ...noUndefined(event) };
  return { ...head, change: event.change, record: recordJson(event.record, heldMs) };
}

export function countByState(members: readonly MemberView[]): Record<MemberState, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<MemberState, number>;
  for (const { state } of members) counts[state]++;
  return counts;
}

function memberJson(member: MemberView) {
  return {
    id: member.id,
    name: member.name,
    state: member.state,
    boot: member.boot,
    incarnation: member.incarnation,
    endpoints: member.endpoints,
    tags: member.tags,
    lastHeardMs: whole(member.lastHeardMs),
    phi: finite(member.phi),
    rttMs: member.rttMs,
    accusers: member.accusers,
    segment: member.segment,
    path: member.path,
    twin: member.twin,
    flags: member.flags,
  };
}

/** A member event's `from` and `to` are null where there is no state, so that they don't vanish from the JSON. */
function noUndefined(event: Exclude<EngineEvent, { type: 'record' }>) {
  return event.type === 'member' ? { from: event.from ?? null, to: event.to ?? null } : {};
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
