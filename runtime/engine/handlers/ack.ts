import type { Member } from '../../membership/member.ts';
import type { Ack } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';
import type { Purpose } from '../pending.ts';

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
    member?.noteAnswer(from.nowMs);
    member?.roundTrip.add(from.nowMs - sentMs);
    ctx.prober.noteRoundTrip(from.nowMs - sentMs);
  }
  switch (purpose.kind) {
    case 'probe':
      ctx.prober.onAck(purpose.probeId, { nowMs: from.nowMs });
      break;
    case 'indirect':
      ctx.prober.onAck(purpose.probeId, { nowMs: from.nowMs, helper: from.sender });
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
  else if (member.state === 'down' || (first && !showsItself(purpose.kind, member, from.nowMs)))
    ctx.sync.greetAt(replyEndpoint(from.path), from.sender, from.nowMs);
  if (member !== undefined) ctx.members.revive(member, from.nowMs);
}

/** A mere probe of who is heard by multicast calls for no digest: its presence shows where tables differ. */
function showsItself(kind: Purpose['kind'], member: Member, nowMs: number): boolean {
  return kind === 'probe' && member.heardByMulticast(nowMs);
}
