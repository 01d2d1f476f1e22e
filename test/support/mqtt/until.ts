import { eventually } from '../eventually.ts';

const LIMIT_MS = 30_000;

/** Waits until `condition` gives something truthy, and gives it back. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
): Promise<Exclude<T, undefined | null | false | '' | 0>> {
  type Answer = Exclude<T, undefined | null | false | '' | 0>;
  return eventually(async () => ((await condition()) || undefined) as Answer | undefined, {
    what: `waited until ${what}`,
    withinMs: LIMIT_MS,
  });
}
