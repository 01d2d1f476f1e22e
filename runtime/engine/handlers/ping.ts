import type { Ping } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';

/** Answers where it came from; a ping for another life learns which one this is [P-6.1]. */
export function onPing(ctx: EngineContext, ping: Ping, from: Inbound): void {
  const to = { kind: 'unicast' as const, endpoint: replyEndpoint(from.path) };
  if (ping.destBoot !== 0 && ping.destBoot !== ctx.own.boot) {
    ctx.outbox.stage(to, from.sender, { type: 'gone', seq: ping.seq, boot: ctx.own.boot });
    const block = ctx.self.block(from.nowMs);
    if (block !== undefined && from.session.proven)
      ctx.outbox.stage(to, from.sender, { type: 'blocks', blocks: [block] });
    return;
  }
  ctx.outbox.stage(to, from.sender, { type: 'ack', seq: ping.seq });
}
