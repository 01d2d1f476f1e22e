import { nameFits } from '#profiles/name-list.ts';
import type { GridvineConfig } from './schema.ts';

/**
 * What `interfaces.budgets` says of an interface: the exact name counts before patterns, and of these the longest.
 * @returns bytes a second; null: no limit; undefined: nothing is said.
 */
export function budgetOf(
  budgets: GridvineConfig['interfaces']['budgets'],
  name: string,
): number | null | undefined {
  if (Object.hasOwn(budgets, name)) return budgets[name];
  const [longest] = Object.keys(budgets)
    .filter((pattern) => nameFits([pattern], name))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : budgets[longest];
}
