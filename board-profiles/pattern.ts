const LENGTH_MAX = 250;
const GROUPS_MAX = 3;
const QUANTIFIERS_MAX = 6;
const UNBOUNDED_MAX = 2;
const COUNT_MAX = 100;

/** Longest text a pattern is run on; more is cut off. A model has at most some 60 characters, an interface's name 15. */
export const PATTERN_INPUT_MAX = 128;

/**
 * Says why a regular expression is not allowed in a profile, or null if it is.
 *
 * Profiles also come from a directory of overrides, and a backtracking expression could hold the event loop for
 * minutes on a name of 15 characters. So only a small language is allowed: alternatives, classes, anchors, at most
 * 3 groups, at most 6 quantifiers of which 2 are unbounded, and nothing but `?` after a group. With the input cut at
 * {@link PATTERN_INPUT_MAX} characters that bounds the work.
 */
export function checkPattern(source: string): string | null {
  if (source.length > LENGTH_MAX)
    return `expected a pattern of at most ${LENGTH_MAX} characters; got ${source.length}`;
  try {
    new RegExp(source, 'u');
  } catch (error) {
    return `expected a regular expression; got ${JSON.stringify(source)} (${(error as Error).message})`;
  }
  return checkShape(source);
}

/** Whether the text matches; a pattern that isn't allowed matches nothing. */
export function testPattern(source: string, text: string): boolean {
  if (checkPattern(source) !== null) return false;
  return new RegExp(source, 'u').test(text.slice(0, PATTERN_INPUT_MAX));
}

function checkShape(source: string): string | null {
  // Escapes and classes first become one plain character each, so that what is left is structure.
  if (/\\(?:[1-9]|k<)/u.test(source)) return `back-references are not allowed in ${JSON.stringify(source)}`;
  const plain = source
    .replace(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/gu, 'x')
    .replace(/\[[^\]]*\]/gu, 'x');
  if (/\(\?(?!:)/u.test(plain))
    return `look-around, names and flags of groups are not allowed in ${JSON.stringify(source)}`;
  if (/\)(?:[*+]|\{)/u.test(plain))
    return `a group may only be followed by ?, not repeated, in ${JSON.stringify(source)}`;
  const groups = plain.split('(').length - 1;
  if (groups > GROUPS_MAX)
    return `expected at most ${GROUPS_MAX} groups in ${JSON.stringify(source)}; got ${groups}`;
  const quantifiers = plain.replaceAll('(?:', '(').match(/[*+?]\??|\{\d+(?:,\d*)?\}\??/gu) ?? [];
  // The engine gives up on large counts only when the expression is first used, and by throwing.
  const counts = quantifiers.flatMap((q) => q.match(/\d+/gu) ?? []).map(Number);
  if (counts.some((n) => n > COUNT_MAX))
    return `expected counts of at most ${COUNT_MAX} in ${JSON.stringify(source)}; got ${Math.max(...counts)}`;
  // {n} takes no choice, so it costs nothing; {n,m} is counted as if m were infinite.
  const choosing = quantifiers.filter((q) => !/^\{\d+\}/u.test(q));
  const unbounded = choosing.filter((q) => !q.startsWith('?')).length;
  if (choosing.length > QUANTIFIERS_MAX || unbounded > UNBOUNDED_MAX) {
    return `expected at most ${QUANTIFIERS_MAX} quantifiers, ${UNBOUNDED_MAX} of them unbounded, in ${JSON.stringify(source)}; got ${choosing.length} and ${unbounded}`;
  }
  return null;
}
