/** Lists and sections around each other; the deepest thing there is has about six. */
export const DEPTH_MAX = 20;

/**
 * Whether a value nests deeper than a configuration can, or without end: an alias in YAML may stand for what is around it. Everything that
 * walks through a configuration relies on this.
 */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === DEPTH_MAX || Object.values(value).some((item) => isTooDeep(item, depth + 1));
}
