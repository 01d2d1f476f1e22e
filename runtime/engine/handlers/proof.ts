import type { ProofVerdict } from '../../trust/pair-proofs.ts';
import type { EngineContext, Inbound } from '../context.ts';
import { noteEcho } from '../echo.ts';
import type { Drawn } from '../pending.ts';

/**
 * Takes what a proof shows: its sender lives, and its session is fresh. What isn't one is counted and changes nothing [P-6.22]; who
 * can't be checked for want of its certificate is asked for it.
 * @param echoed the number of this node's that came back. @returns whether it is one.
 */
export function isProof(
  ctx: EngineContext,
  { verdict, echoed }: { readonly verdict: ProofVerdict; readonly echoed: Drawn },
  from: Inbound,
): boolean {
  if (verdict === 'valid') {
    from.lives = true;
    noteEcho(ctx, echoed, from);
    return true;
  }
  if (verdict === 'wrong') ctx.counters.drops['bad-proof']++;
  else {
    ctx.counters.drops['no-certificate']++;
    ctx.sync.want([from.sender], from);
  }
  return false;
}
