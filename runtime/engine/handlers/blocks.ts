import { bootOf } from '../../core/version.ts';
import type { OwnerRecords } from '../../data/owner-records.ts';
import type { Block, Blocks } from '../../wire/message.ts';
import { peekVersion } from '../../wire/record-codec.ts';
import type { EngineContext, Inbound } from '../context.ts';

/** What was refused isn't asked for again so soon. */
const REFUSED_FOR_MS = 60_000;

/** Merges what came; what was news is passed on, and a gap is asked about. */
export function onBlocks(ctx: EngineContext, blocks: Blocks, from: Inbound): void {
  const gaps = new Set<string>();
  for (const block of blocks.blocks) {
    if (block.owner === ctx.id) ctx.follower.hear(block.to, from.nowMs);
    else if (mergeOne(ctx, block, from)) gaps.add(block.owner);
  }
  if (gaps.size > 0 && from.session.proven) ctx.sync.want([...gaps], from);
}

/** @returns whether something between is missing that the sender may have. */
function mergeOne(ctx: EngineContext, block: Block, from: Inbound): boolean {
  const { nowMs } = from;
  const records = ctx.table.owner(block.owner);
  const bootBefore = records?.boot ?? 0;
  if (!mayRise(records, block, nowMs)) {
    ctx.counters.drops.quota++;
    return false;
  }
  const direct = block.owner === from.sender && bootOf(block.to) === from.boot;
  const result = ctx.table.merge(block, nowMs, direct ? transitBoundMs(ctx, from) : null);
  if (result.refused !== undefined) ctx.counters.drops[result.refused]++;
  records?.noteRise(bootBefore, nowMs);
  ctx.counters.recordsApplied += result.fresh.length;
  if (result.repeated > 0) noteRepeated(ctx, block, nowMs);
  ctx.accuser.heardAgain(block, nowMs);
  const viaMulticast = from.path.multicast;
  for (const record of result.fresh) {
    if (record.large !== undefined) ctx.values.noteRecord(block.owner, record.key, from);
    if (record.priority === 'lazy') continue;
    ctx.spreader.add(block.owner, record.key, { urgent: record.priority === 'urgent', nowMs, viaMulticast });
  }
  // A record came before the certificate that it needs: whoever sent it has that too.
  return result.refused === 'no-certificate' || (result.gap && result.refused === undefined);
}

/** Nobody's boot rises by more than a bound in a day: whoever speaks in its name can't use its boots up at once [P-5.23]. */
function mayRise(records: OwnerRecords | undefined, block: Block, nowMs: number): boolean {
  if (records === undefined || records.mayRiseTo(bootOf(block.to), nowMs)) return true;
  records.refusedUntilMs = nowMs + REFUSED_FOR_MS;
  return false;
}

function noteRepeated(ctx: EngineContext, block: Block, nowMs: number): void {
  for (const { body } of block.items) {
    const version = peekVersion(body);
    if (version !== undefined) ctx.spreader.heardAgain(block.owner, version, nowMs);
  }
}

/** How long a datagram of this sender can have been under way. */
function transitBoundMs(ctx: EngineContext, from: Inbound): number | null {
  const high = ctx.members.get(from.sender)?.roundTrip.highMs;
  return high == null ? null : Math.ceil(high);
}
