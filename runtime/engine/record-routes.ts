import { isEventKey } from '../coordination/events/event-record.ts';
import { leaseOfKey } from '../coordination/lease/lease-record.ts';
import type { NodeId } from '../core/ids.ts';
import { isReservedKey, isSecretKey } from '../core/reserved-keys.ts';
import { isKeyRecord } from '../crypto/key-records.ts';
import type { TableChange } from '../data/reader-view.ts';
import type { StoredRecord } from '../data/stored-record.ts';
import { isAccuseKey } from '../membership/accusation-record.ts';
import { NODE_KEY } from '../membership/node-facts.ts';
import { isTwinKey } from '../membership/twin-record.ts';
import type { EngineContext } from './context.ts';
import type { Readers } from './readers.ts';
import { recordView } from './views.ts';

/** A record came, changed or went: whom it concerns hears of it, applications of those that aren't the protocol's own. */
export function onTableChange(
  ctx: EngineContext,
  readers: Readers,
  { change, owner, record }: TableChange,
  nowMs: number,
): void {
  const { key } = record;
  const present = change === 'put';
  if (key === NODE_KEY && owner !== ctx.id && present) onNodeRecord(ctx, readers, { owner, record }, nowMs);
  else if (isEventKey(key)) {
    if (present) ctx.events.onRecord(owner, record, nowMs);
  } else if (isTwinKey(key)) ctx.twins.onRecord(owner, record, present, nowMs);
  else if (isSecretKey(key)) onSecretRecord(ctx, owner, record, present);
  else if (isAccuseKey(key)) ctx.accuser.onRecord(owner, record, present, nowMs);
  if (!isReservedKey(key))
    ctx.outbox.event({ type: 'record', change, record: recordView(ctx, owner, record, nowMs) });
}

function onSecretRecord(
  { id, warden, keys, leases }: EngineContext,
  owner: NodeId,
  { key, value }: StoredRecord,
  present: boolean,
): void {
  const lease = leaseOfKey(key);
  if (lease !== undefined) leases.onReport(owner, lease, present ? value : undefined);
  else if (owner === id) return;
  // Where epochs are, no member's word changes the keys.
  else if (warden !== undefined) warden.noteRecord(owner, key);
  else if (isKeyRecord(key)) keys.noteRecord(owner);
}

function onNodeRecord(
  ctx: EngineContext,
  readers: Readers,
  { owner, record }: { readonly owner: NodeId; readonly record: StoredRecord },
  nowMs: number,
): void {
  const facts = readers.facts(record.value);
  if (facts === undefined) {
    ctx.counters.drops.malformed++;
    return;
  }
  const member = ctx.members.applyFacts(owner, record.version, facts, nowMs);
  ctx.accuser.onMemberChanged(member, nowMs);
}
