import { isDialable, NOWHERE } from '../../core/endpoint.ts';
import type { Nack, PingReq } from '../../wire/message.ts';
import type { EngineContext, Inbound } from '../context.ts';
import { isProof } from './proof.ts';

/**
 * Pings the target for somebody else, at the address that this node knows. Who isn't proven, names itself, us or a stranger gets no
 * help (B-15), and there is only so much of it.
 */
export function onPingReq(ctx: EngineContext, request: PingReq, from: Inbound): void {
  if (!from.session.proven) {
    ctx.joiner.prove(from);
    return;
  }
  // Else anybody could gather this node's answers to made-up numbers, for the time after its death.
  if (ctx.life.checkPingReq(request, from) !== 'valid') {
    ctx.counters.drops['bad-proof']++;
    return;
  }
  if (request.target === ctx.id || request.target === from.sender) return;
  const target = ctx.members.get(request.target);
  if (target === undefined) return;
  if (!ctx.helpBudget.takeRequest(from.sender, from.nowMs)) {
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
  const { endpoint } = target;
  const seq = ctx.pending.draw(purpose, {
    to: endpoint ?? NOWHERE,
    sentMs: from.nowMs,
    ttlMs: 4 * timeoutMs,
  });
  ctx.timers.set(`help/${seq}`, from.nowMs + timeoutMs);
  // Where it doesn't ping it hears nothing of the target either, and says so in its time: silence would speak against the requester's own link.
  if (endpoint === null) return;
  if (!ctx.helpBudget.takePing(isDialable(endpoint) ? 'called' : 'calling', from.nowMs)) {
    ctx.counters.drops.budget++;
    return;
  }
  const to = { kind: 'unicast' as const, endpoint };
  const { challenge, seq: requesterSeq, targetBoot: destBoot } = request;
  const relay = challenge && { requester: from.sender, boot: from.boot, seq: requesterSeq, mac: challenge };
  ctx.outbox.stage(to, request.target, ctx.life.ping(request.target, { seq, destBoot, relay }));
}

/** The target didn't answer us in time: says so to who asked; a later ack is passed on all the same. */
export function onHelpTimeout(ctx: EngineContext, seq: number): void {
  const purpose = ctx.pending.peek(seq)?.purpose;
  if (purpose?.kind !== 'help') return;
  const requester = ctx.members.get(purpose.requester);
  if (requester?.endpoint == null) return;
  const to = { kind: 'unicast' as const, endpoint: requester.endpoint };
  ctx.outbox.stage(to, requester.id, ctx.life.nack(requester.id, purpose.requesterSeq));
}

/** A helper heard nothing either: it lives, and the target may not (B-19); a later ack still counts (B-23). */
export function onNack(ctx: EngineContext, nack: Nack, from: Inbound): void {
  const match = ctx.pending.match(nack.seq, from.sender, from.nowMs, { take: false });
  if (match?.purpose.kind !== 'indirect') {
    ctx.counters.drops.unsolicited++;
    return;
  }
  if (!isProof(ctx, { verdict: ctx.life.checkNack(nack, from), echoed: match }, from)) return;
  ctx.prober.onNack(match.purpose.probeId, { nowMs: from.nowMs, helper: from.sender });
}
