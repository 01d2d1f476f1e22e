import type { CrdtView } from '../coordination/shared-data/contract.ts';
import type { HealthNotice } from './health-board.ts';

const NAMED_MAX = 3;

/** What is worth knowing about shared data, by code. */
export function sharedHealth(views: readonly CrdtView[]): ReadonlyMap<string, HealthNotice> {
  const found = new Map<string, HealthNotice>();
  const ignored = views.flatMap(({ name, ignored: slots }) =>
    slots.map(({ id, problem }) => `${name} of ${id.slice(0, 8)} (${problem})`),
  );
  if (ignored.length > 0)
    found.set('shared-data-ignored', {
      severity: 'warning',
      title: 'contributions to shared data are ignored',
      text: `What these nodes hold below crdt/ is not what its type holds: ${listed(ignored)}. Look at what they run.`,
    });
  const names = new Map<string, string[]>();
  for (const { name, type } of views) names.set(name, [...(names.get(name) ?? []), type]);
  const doubled = Array.from(names).filter(([, types]) => types.length > 1);
  if (doubled.length > 0)
    found.set('shared-data-types', {
      severity: 'warning',
      title: 'a name of shared data has several types',
      text: `${listed(doubled.map(([name, types]) => `${name}: ${types.join(' and ')}`))}. Nodes that didn't know of each other made them; each goes on by itself. Use one of them, and delete the slots of the other on every node: gridvine delete crdt/TYPE/NAME.`,
    });
  return found;
}

export const SHARED_HEALTH_CODES = ['shared-data-ignored', 'shared-data-types'] as const;

function listed(texts: readonly string[]): string {
  const more = texts.length - NAMED_MAX;
  return `${texts.slice(0, NAMED_MAX).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}
