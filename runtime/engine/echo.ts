import { type Endpoint, endpointKey, isSameEndpoint } from '../core/endpoint.ts';
import type { Message } from '../wire/message.ts';
import type { Session } from '../wire/session.ts';
import { type EngineContext, type Inbound, replyEndpoint } from './context.ts';
import type { Drawn } from './pending.ts';

/** An answer echoed a number of ours: its session is fresh, and its sender receives where the number was sent [P-3.8, P-3.13]. */
export function noteEcho(ctx: EngineContext, { purpose, to, sentMs }: Drawn, from: Inbound): void {
  // A join isn't sealed to anybody: who answers from elsewhere may have read it on its way.
  const isMeant = purpose.from !== undefined || endpointKey(to) === endpointKey(replyEndpoint(from.path));
  from.session.noteEcho({ drawnMs: sentMs, nowMs: from.nowMs, place: isMeant ? to : undefined });
  if (isMeant) {
    ctx.joiner.noteProof(from.sender, to);
    ctx.members.get(from.sender)?.paths?.noteOk(to, from.nowMs);
    if (to.transport === 'http') ctx.relays.noteHttp(from.nowMs);
  }
  ctx.twins.onEcho(from, sentMs);
}

/** Whether the sender has shown that it is where this came from. Only then it is answered by more than it sent. */
export function isProvenPlace({ session, path }: Inbound): boolean {
  return session.isProvenAt(path);
}

/** Where a peer with these sessions has shown that it receives what is sent to it: at `wanted` if it can be, else where it did so last. */
export function provenPlaceOf(sessions: readonly Session[], wanted: Endpoint | null): Endpoint | undefined {
  if (wanted !== null && sessions.some((session) => session.isProvenAt(wanted))) return wanted;
  return sessions.findLast((session) => session.proven)?.place;
}

/** Until the mutation ends, who hasn't shown that it is where this came from is sent no more than it sent [P-7.11]. */
export function limitAnswers(ctx: EngineContext, from: Inbound): void {
  if (isProvenPlace(from)) return;
  const endpoint = replyEndpoint(from.path);
  ctx.outbox.limitAnswers({ endpoint, left: from.bytes, isLifted: () => isProvenPlace(from) });
}

/** Asks a member that speaks from elsewhere than before. The question goes before any answer, which may leave no room for it. */
export function proveMoved(ctx: EngineContext, messages: readonly Message[], from: Inbound): void {
  if (hasMoved(ctx, from) && !messages.some(({ type }) => type === 'ack')) ctx.joiner.prove(from);
}

/** Whether a member speaks from where it has never shown itself, and where this node would not send to [P-3.13]. */
function hasMoved(ctx: EngineContext, { session, sealedToAny, path, boot, sender }: Inbound): boolean {
  if (sealedToAny || path.multicast || session.isProvenAt(path)) return false;
  const member = ctx.members.get(sender);
  if (member?.boot !== boot) return false;
  const known = member.endpoint;
  return session.proven || known === null || !isSameEndpoint(known, path);
}
