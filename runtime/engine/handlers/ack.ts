import type { Endpoint } from '../../core/endpoint.ts';
import type { NodeId } from '../../core/ids.ts';
import type { Member } from '../../membership/member.ts';
import type { Ack } from '../../wire/message.ts';
import { type EngineContext, type Inbound, replyEndpoint } from '../context.ts';
import type { Purpose } from '../pending.ts';
import { isProof } from './proof.ts';

/** An echo of a number of ours: it proves the session, and ends whatever waited for it. Others are counted (B-3). */
export function onAck(ctx: EngineContext, ack: Ack, from: Inbound): void {
  const match = ctx.pending.match(ack.seq, from.sender, from.nowMs, { take: false });
  if (match === undefined) {
    ctx.counters.drops.unsolicited++;
    return;
  }
  const { purpose, sentMs, to: place } = match;
  if (purpose.kind === 'join' && ctx.life.demanded) {
    onJoined(ctx, ack, purpose.seed, from);
    return;
  }
  const first = !from.session.proven;
  if (!isProof(ctx, { verdict: ctx.life.checkAck(ack, from), echoed: match }, from)) return;
  if (purpose.kind === 'indirect' && !hasAnswered(ctx, ack, purpose.target)) {
    ctx.counters.drops['bad-proof']++;
    return;
  }
  ctx.pending.take(ack.seq);
  const member = ctx.members.get(from.sender);
  noteClock(ctx, ack, { ...from, askedMs: sentMs });
  if (purpose.kind !== 'indirect') {
    member?.noteAnswer(from.nowMs);
    member?.roundTrip.add(from.nowMs - sentMs);
    ctx.prober.noteRoundTrip(from.nowMs - sentMs);
  }
  switch (purpose.kind) {
    case 'probe':
      ctx.prober.onAck(purpose.probeId, { nowMs: from.nowMs, place });
      break;
    case 'indirect':
      ctx.prober.onAck(purpose.probeId, { nowMs: from.nowMs, helper: from.sender });
      break;
    case 'help': {
      ctx.timers.clear(`help/${ack.seq}`);
      const requester = ctx.members.get(purpose.requester);
      if (requester?.endpoint != null) {
        const to = { kind: 'unicast' as const, endpoint: requester.endpoint };
        const message = ctx.life.passOn(ack.answer, requester.id, purpose.requesterSeq, from.nowMs);
        ctx.outbox.stage(to, requester.id, message);
      }
      break;
    }
    case 'join':
      ctx.joiner.onAnswer(purpose.seed, from.nowMs);
      break;
    case 'goodbye':
      ctx.leaver.onAck(from.sender, purpose.phase, from.nowMs);
      break;
    case 'proof':
      break;
  }
  if (member === undefined) ctx.sync.wantNewcomer(from);
  else if (member.state === 'down' || (first && !showsItself(purpose.kind, member, from.nowMs)))
    ctx.sync.greetAt(replyEndpoint(from.path), from.sender, from.nowMs);
  if (member !== undefined) ctx.members.revive(member, from.nowMs);
}

/** A mere probe of who is heard by multicast calls for no digest: its presence shows where tables differ. */
function showsItself(kind: Purpose['kind'], member: Member, nowMs: number): boolean {
  return kind === 'probe' && member.heardByMulticast(nowMs);
}

/** Whether the probe's target said so itself: a helper's word alone could keep a dead one alive for ever [P-6.24]. */
function hasAnswered(ctx: EngineContext, ack: Ack, id: NodeId): boolean {
  if (!ctx.life.demanded) return true;
  const target = ctx.members.get(id);
  return target !== undefined && ctx.life.checkAnswer(ack, { sender: id, boot: target.boot }) === 'valid';
}

/** The owner's own clock: ages of its records are judged by it [P-5.15]. */
function noteClock(
  ctx: EngineContext,
  { uptimeMs }: Ack,
  from: Inbound & { readonly askedMs: number },
): void {
  const { sender, boot, askedMs, nowMs } = from;
  if (uptimeMs === undefined || ctx.members.get(sender)?.boot !== boot) return;
  if (ctx.clocks.note(sender, { boot, uptimeMs, askedMs }, nowMs)) ctx.table.ageAnew(sender, nowMs);
}

/** Anybody may answer a join: who did so is asked for a proof [P-6.23]. */
function onJoined(ctx: EngineContext, ack: Ack, seed: Endpoint, from: Inbound): void {
  ctx.pending.take(ack.seq);
  ctx.joiner.onAnswer(seed, from.nowMs);
  if (!from.session.proven) ctx.joiner.prove(from);
}
