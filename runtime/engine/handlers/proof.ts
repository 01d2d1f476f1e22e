import type { ProofVerdict } from '../../trust/pair-proofs.ts';
import type { EngineContext, Inbound } from '../context.ts';

/**
 * Takes what a proof shows: its sender lives, and its session is fresh. What isn't one is counted and changes nothing [P-6.22]; who
 * can't be checked for want of its certificate is asked for it.
 * @returns whether it is one.
 */
export function isProof(ctx: EngineContext, verdict: ProofVerdict, from: Inbound): boolean {
  if (verdict === 'valid') {
    from.session.proven = true;
    from.lives = true;
    return true;
  }
  if (verdict === 'wrong') ctx.counters.drops['bad-proof']++;
  else {
    ctx.counters.drops['no-certificate']++;
    ctx.sync.want([from.sender], from);
  }
  return false;
}
