import type { NodeId } from '../core/ids.ts';
import type { RecordBody } from '../wire/record.ts';
import type { OwnerClocks, SetWindow } from './owner-clocks.ts';

/** How old a record is, as a holder says it or as it is kept. */
export interface Age {
  readonly setAtMs: number;
  /** Its error bound; null where none is known, Infinity where the age itself isn't. */
  readonly ageBoundMs: number | null;
}

/** How holders' words for ages are judged. */
export interface AgeJudge {
  readonly clocks: OwnerClocks;
  /** Whether owners prove their uptimes: then a record isn't older than its owner's clock says, either. */
  readonly areProven: boolean;
}

/** The age of an owner's record, whatever its holder claims: what its owner's own clock shows outdoes it [P-5.18]. */
export function judgedAge(
  judge: AgeJudge | undefined,
  owner: NodeId,
  body: Pick<RecordBody, 'version' | 'uptimeMs'>,
  said: Age,
  nowMs: number,
): Age {
  // Set before its owner's clock began, which may have been off since: nobody knows how long.
  const claimed = body.uptimeMs === 0 ? { ...said, ageBoundMs: lowerBound(said) } : said;
  const window = judge?.clocks.windowOf(owner, body, nowMs);
  if (judge === undefined || window === undefined) return claimed;
  const latest = Math.min(claimed.setAtMs, window.latestMs);
  if (latest >= window.earliestMs) return { setAtMs: latest, ageBoundMs: boundMs(window, claimed) };
  // Older than its owner's clock allows: either a holder lies, or whoever spoke for the owner did.
  return judge.areProven
    ? { setAtMs: window.earliestMs, ageBoundMs: boundMs(window, { ...claimed, ageBoundMs: null }) }
    : { setAtMs: latest, ageBoundMs: claimed.ageBoundMs };
}

function boundMs({ earliestMs, latestMs }: SetWindow, { setAtMs, ageBoundMs }: Age): number | null {
  const width = latestMs - earliestMs;
  const bound = Number.isFinite(width) ? Math.ceil(width) : null;
  // The claim's own bound speaks of the claim.
  if (ageBoundMs === null || setAtMs > latestMs) return bound ?? lowerBound({ ageBoundMs });
  return bound === null ? ageBoundMs : Math.min(bound, ageBoundMs);
}

/** Unknown stays unknown. */
function lowerBound({ ageBoundMs }: Pick<Age, 'ageBoundMs'>): number | null {
  return ageBoundMs === Number.POSITIVE_INFINITY ? ageBoundMs : null;
}
