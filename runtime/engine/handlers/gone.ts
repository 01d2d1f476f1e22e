import type { Gone } from '../../wire/message.ts';
import type { EngineContext, Inbound } from '../context.ts';
import { isProof } from './proof.ts';

/** The life that was probed is over, another one answers: not a failure, and its record is fetched (B-5, B-49). */
export function onGone(ctx: EngineContext, gone: Gone, from: Inbound): void {
  const match = ctx.pending.match(gone.seq, from.sender, from.nowMs, { take: false });
  if (match === undefined || gone.boot !== from.boot) {
    ctx.counters.drops.unsolicited++;
    return;
  }
  if (!isProof(ctx, { verdict: ctx.life.checkGone(gone, from), echoed: match }, from)) return;
  ctx.pending.take(gone.seq);
  ctx.prober.cancel(from.sender);
  ctx.sync.want([from.sender], from);
}
