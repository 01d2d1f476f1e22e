import type { WaitingView } from '../core/views.ts';
import type { HealthNotice } from './health-board.ts';

/** What belongs together comes within seconds, on the slowest links within a minute: after this long something is amiss. */
export const WAITING_LONG_MS = 120_000;
const NAMED_MAX = 3;

export const RECORD_HEALTH_CODES = ['records-waiting'] as const;

/** What is worth knowing of records that came and aren't shown, by code. @param waiting those that have waited for long, the longest first. */
export function recordHealth(waiting: readonly WaitingView[]): ReadonlyMap<string, HealthNotice> {
  const found = new Map<string, HealthNotice>();
  if (waiting.length === 0) return found;
  const named = waiting.slice(0, NAMED_MAX).map(nameOf);
  const more = waiting.length - named.length;
  found.set('records-waiting', {
    severity: 'warning',
    title: 'records came that are not shown yet',
    text: `Readers here still see what was before, for ${Math.floor(waiting[0].waitedMs / 60_000)} minutes now: ${named.join('; ')}${more > 0 ? ` and ${more} more` : ''}. It is fetched as soon as somebody who has it is reached. If their node is gone for good, or nobody has it any more, put them again.`,
  });
  return found;
}

function nameOf({ key, node, lacks }: WaitingView): string {
  const what = lacks === 'value' ? 'its value is not here' : 'the rest of its batch is not here';
  return `${key} of ${node} (${what})`;
}
