/** The most groups that one certificate, or one line of a policy, names [P-11.4]. */
export const GROUPS_MAX = 16;

const GROUP = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/**
 * Checks a group's name: 1 to 32 lower-case letters, digits, dots, dashes and underscores.
 * @returns what is wrong with it, or undefined.
 */
export function problemOfGroup(name: string): string | undefined {
  if (GROUP.test(name)) return undefined;
  return `expected 1 to 32 of a-z, 0-9, '.', '-', '_', beginning with a letter or digit; got ${JSON.stringify(name.slice(0, 40))}`;
}

/** Sorted and each once, as groups stand in signed objects. @throws RangeError for a name or number that isn't allowed. */
export function canonicalGroups(names: readonly string[]): readonly string[] {
  for (const name of names) {
    const problem = problemOfGroup(name);
    if (problem !== undefined) throw new RangeError(`group: ${problem}`);
  }
  const distinct = [...new Set(names)].sort();
  if (distinct.length > GROUPS_MAX)
    throw new RangeError(`groups: expected at most ${GROUPS_MAX}; got ${distinct.length}`);
  return distinct;
}

/** Groups as they stand in a signed object: valid names in ascending order, none twice. */
export function asGroups(raw: unknown): readonly string[] | undefined {
  if (!Array.isArray(raw) || raw.length > GROUPS_MAX) return undefined;
  let before = '';
  for (const name of raw as unknown[]) {
    if (typeof name !== 'string' || problemOfGroup(name) !== undefined || name <= before) return undefined;
    before = name;
  }
  return [...(raw as string[])];
}
