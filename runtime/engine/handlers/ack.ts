import type { Ack } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';

/** An echo of a number of ours: it proves the session, and ends whatever waited for it. Others are counted (B-3). */
export function onAck(ctx: EngineContext, ack: Ack, from: Inbound): void {
  const match = ctx.pending.match(ack.seq, from.sender, from.nowMs, { take: true });
  if (match === undefined) {
    ctx.counters.drops.unsolicited++;
    return;
  }
  const { purpose, sentMs } = match;
  const first = !from.session.proven;
  from.session.proven = true;
  const member = ctx.members.get(from.sender);
  if (purpose.kind !== 'indirect') {
    member?.roundTrip.add(from.nowMs - sentMs);
    ctx.prober.noteRoundTrip(from.nowMs - sentMs);
  }
  switch (purpose.kind) {
    case 'probe':
      ctx.prober.onAck(purpose.probeId);
      break;
    case 'indirect':
      ctx.prober.onAck(purpose.probeId, from.sender);
      break;
    case 'help': {
      ctx.timers.clear(`help/${ack.seq}`);
      const requester = ctx.members.get(purpose.requester);
      if (requester?.endpoint != null) {
        ctx.outbox.stage({ kind: 'unicast', endpoint: requester.endpoint }, requester.id, {
          type: 'ack',
          seq: purpose.requesterSeq,
        });
      }
      break;
    }
    case 'join':
      ctx.joiner.onAnswer(purpose.seed);
      break;
    case 'goodbye':
      ctx.leaver.onAck(from.sender, purpose.phase, from.nowMs);
      break;
    case 'proof':
      break;
  }
  if (member === undefined) ctx.sync.want([from.sender], from);
  else if (first || member.state === 'down')
    ctx.sync.greetAt(replyEndpoint(from.path), from.sender, from.nowMs);
  if (member !== undefined) ctx.members.revive(member, from.nowMs);
}
