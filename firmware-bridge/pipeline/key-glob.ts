/**
 * True if `key` matches `glob`: `*` stands for any characters inside one segment, a segment `**` for any number of whole
 * segments, also none. Takes time proportional to the product of the lengths at most, whatever the pattern.
 */
export function keyMatches(glob: string, key: string): boolean {
  return matches(glob.split('/'), key.split('/'), {
    isWild: (segment) => segment === '**',
    matchesOne: segmentMatches,
  });
}

function segmentMatches(glob: string, segment: string): boolean {
  return matches([...glob], [...segment], {
    isWild: (character) => character === '*',
    matchesOne: (pattern, character) => pattern === character,
  });
}

interface Alphabet {
  isWild(pattern: string): boolean;
  matchesOne(pattern: string, item: string): boolean;
}

/** Greedy match with one point to fall back to, which is enough when the only wildcard stands for "any run". */
function matches(pattern: readonly string[], items: readonly string[], alphabet: Alphabet): boolean {
  let p = 0;
  let i = 0;
  let wildAt = -1;
  let resumeAt = 0;
  while (i < items.length) {
    const expected = pattern[p];
    if (expected !== undefined && alphabet.isWild(expected)) {
      wildAt = p;
      resumeAt = i;
      p += 1;
    } else if (expected !== undefined && alphabet.matchesOne(expected, items[i]!)) {
      p += 1;
      i += 1;
    } else if (wildAt >= 0) {
      resumeAt += 1;
      p = wildAt + 1;
      i = resumeAt;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((rest) => alphabet.isWild(rest));
}
