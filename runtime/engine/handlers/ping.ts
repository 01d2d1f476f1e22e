import { freshBlock } from '../../data/delta.ts';
import { NODE_KEY } from '../../membership/node-facts.ts';
import type { Ping } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';
import { isProvenPlace } from '../echo.ts';

/** Answers where it came from; a ping for another life learns which one this is [P-6.1]. */
export function onPing(ctx: EngineContext, ping: Ping, from: Inbound): void {
  const isValid = ctx.life.checkPing(ping, from) === 'valid';
  // To anybody else nothing that makes the answer longer than the question.
  const isProven = isValid && (ctx.life.demanded || isProvenPlace(from));
  const to = { kind: 'unicast' as const, endpoint: replyEndpoint(from.path) };
  if (ping.destBoot !== 0 && ping.destBoot !== ctx.own.boot) {
    ctx.outbox.stage(to, from.sender, ctx.life.gone(from.sender, ping.seq, { isProven }));
    const block = ctx.self.block(from.nowMs);
    if (block !== undefined && isProvenPlace(from))
      ctx.outbox.stage(to, from.sender, { type: 'blocks', blocks: [block] });
    return;
  }
  ctx.outbox.stage(to, from.sender, ctx.life.ack(from.sender, ping, { isProven, nowMs: from.nowMs }));
  // Behind the ack, in the same datagram: by then the helper takes our session for proven.
  if (isValid) ctx.prober.onAsked(from.sender, from.nowMs);
  // Who invites us left room for it.
  if (!from.session.proven) ctx.joiner.prove(from);
  if (isProvenPlace(from)) contradict(ctx, from);
}

/** Who speaks in the life in which it is said to have left hears what is said: it may not have said so itself. */
function contradict(ctx: EngineContext, { path, sender, boot, nowMs }: Inbound): void {
  const member = ctx.members.get(sender);
  const records = ctx.table.owner(sender);
  const record = records?.get(NODE_KEY);
  if (member?.state !== 'left' || member.boot !== boot || records === undefined || record === undefined)
    return;
  const to = { kind: 'unicast' as const, endpoint: replyEndpoint(path) };
  ctx.outbox.stage(to, sender, { type: 'blocks', blocks: [freshBlock(records, record, nowMs)] });
}
