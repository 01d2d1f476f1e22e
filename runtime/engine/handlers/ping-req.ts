import type { Nack, PingReq } from '../../wire/message.ts';
import type { EngineContext, Inbound } from '../context.ts';

/**
 * Pings the target for somebody else, at the address that this node knows. Who isn't proven, names itself, us or a stranger gets no
 * help (B-15), and there is only so much of it.
 */
export function onPingReq(ctx: EngineContext, request: PingReq, from: Inbound): void {
  if (!from.session.proven) {
    ctx.joiner.prove(from);
    return;
  }
  if (request.target === ctx.id || request.target === from.sender) return;
  const target = ctx.members.get(request.target);
  if (target?.endpoint == null) return;
  if (!ctx.helpBudget.tryTake(from.nowMs)) {
    ctx.counters.drops.budget++;
    return;
  }
  const timeoutMs = ctx.prober.timeoutFor(target);
  const purpose = {
    kind: 'help' as const,
    requester: from.sender,
    requesterSeq: request.seq,
    from: request.target,
  };
  const seq = ctx.pending.draw(purpose, from.nowMs, 4 * timeoutMs);
  const to = { kind: 'unicast' as const, endpoint: target.endpoint };
  ctx.outbox.stage(to, request.target, { type: 'ping', seq, destBoot: request.targetBoot });
  ctx.timers.set(`help/${seq}`, from.nowMs + timeoutMs);
}

/** The target didn't answer us in time: says so to who asked; a later ack is passed on all the same. */
export function onHelpTimeout(ctx: EngineContext, seq: number): void {
  const purpose = ctx.pending.peek(seq)?.purpose;
  if (purpose?.kind !== 'help') return;
  const requester = ctx.members.get(purpose.requester);
  if (requester?.endpoint == null) return;
  ctx.outbox.stage({ kind: 'unicast', endpoint: requester.endpoint }, requester.id, {
    type: 'nack',
    seq: purpose.requesterSeq,
  });
}

/** A helper heard nothing either: it lives, and the target may not (B-19); a later ack still counts (B-23). */
export function onNack(ctx: EngineContext, nack: Nack, from: Inbound): void {
  const match = ctx.pending.match(nack.seq, from.sender, from.nowMs, { take: false });
  if (match?.purpose.kind !== 'indirect') {
    ctx.counters.drops.unsolicited++;
    return;
  }
  from.session.proven = true;
  ctx.prober.onNack(match.purpose.probeId, { nowMs: from.nowMs, helper: from.sender });
}
