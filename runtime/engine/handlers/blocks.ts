import { bootOf } from '../../core/version.ts';
import type { Block, Blocks } from '../../wire/message.ts';
import { peekVersion } from '../../wire/record-codec.ts';
import type { EngineContext, Inbound } from '../context.ts';

/** Merges what came; what was news is passed on, and a gap is asked about. */
export function onBlocks(ctx: EngineContext, blocks: Blocks, from: Inbound): void {
  const gaps = new Set<string>();
  for (const block of blocks.blocks) {
    if (block.owner === ctx.id)
      ctx.self.checkLine({ owner: block.owner, known: block.to, gc: block.gc }, from.nowMs);
    else if (mergeOne(ctx, block, from)) gaps.add(block.owner);
  }
  if (gaps.size > 0 && from.session.proven) ctx.sync.want([...gaps], from);
}

/** @returns whether something between is missing that the sender may have. */
function mergeOne(ctx: EngineContext, block: Block, from: Inbound): boolean {
  const { nowMs } = from;
  const direct = block.owner === from.sender && bootOf(block.to) === from.boot;
  const result = ctx.table.merge(block, nowMs, direct ? transitBoundMs(ctx, from) : null);
  if (result.refused !== undefined) ctx.counters.drops[result.refused]++;
  ctx.counters.recordsApplied += result.fresh.length;
  if (result.repeated > 0) noteRepeated(ctx, block, nowMs);
  const viaMulticast = from.path.multicast;
  for (const record of result.fresh) {
    if (record.priority === 'lazy') continue;
    ctx.spreader.add(block.owner, record.key, { urgent: record.priority === 'urgent', nowMs, viaMulticast });
  }
  // A record came before the certificate that it needs: whoever sent it has that too.
  return result.refused === 'no-certificate' || (result.gap && result.refused === undefined);
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
