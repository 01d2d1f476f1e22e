import type { Carry } from '../../wire/message.ts';
import type { EngineContext, Inbound } from '../context.ts';
import { isProvenPlace } from '../echo.ts';

/**
 * Takes what somebody else says through this message's sender, or passes it on to a member that this node can call; only for who has shown
 * where it is, only over one relay, and only so much of it [P-19.13].
 */
export function onCarry(ctx: EngineContext, carry: Carry, from: Inbound): void {
  if (!isProvenPlace(from)) {
    ctx.joiner.prove(from);
    return;
  }
  if (carry.to === ctx.id) {
    ctx.leases.onCarried(carry, from.nowMs);
    return;
  }
  // Who carries for a third would hide from whom it has it.
  if (carry.from !== from.sender || carry.boot !== from.boot) {
    ctx.counters.drops.malformed++;
    return;
  }
  const endpoint = ctx.members.get(carry.to)?.endpoint;
  if (endpoint == null) return;
  if (!ctx.helpBudget.takeCarry(from.sender, from.nowMs)) {
    ctx.counters.drops.budget++;
    return;
  }
  ctx.outbox.stage({ kind: 'unicast', endpoint }, carry.to, carry, 'membership');
}
