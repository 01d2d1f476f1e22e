import { FILE_LINES_MAX, isWithin, PURE_FOLDERS, ROOT_ENTRIES, SHIPPED_FOLDERS } from './layers.ts';
import { lineOf, type ScannedFile } from './source-scan.ts';

/** A pattern that must not occur in some files. */
type TextRule = {
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly fault: string;
};

const everywhere = () => true;
const shipped = (path: string) => SHIPPED_FOLDERS.some((folder) => isWithin(path, folder));
const pure = (path: string) => PURE_FOLDERS.some((folder) => isWithin(path, folder));
const tests = (path: string) => isWithin(path, 'test');

/** Applied to code with comments and strings blanked. */
const TEXT_RULES: readonly TextRule[] = [
  { pattern: /\bexport\s+default\b/g, applies: everywhere, fault: 'no default exports' },
  {
    pattern: /\bimport\.meta\b/g,
    applies: shipped,
    fault: 'import.meta is empty in the bundle; pass the value in',
  },
  {
    pattern:
      /\b(?:Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate)\b/g,
    applies: pure,
    fault: 'time and randomness come in as arguments here',
  },
  {
    pattern: /(?<![.\w])(?:process|console)\./g,
    applies: pure,
    fault: 'no process and no console here; report by outputs and counters',
  },
  {
    pattern:
      /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\bt\.(?:skip|todo)\(|\bonly: true\b|\b(?:skip|todo):(?! *\d)/g,
    applies: tests,
    fault: 'a test that does not run proves nothing: make it run or delete it',
  },
];

/** All offences in a file's text, as lines for people. */
export function textOffences(file: ScannedFile): readonly string[] {
  const found = TEXT_RULES.filter(({ applies }) => applies(file.path)).flatMap(({ pattern, fault }) =>
    [...file.code.matchAll(pattern)].map((match) => `${at(file, match.index)}: '${match[0]}': ${fault}`),
  );
  const awaits = shipped(file.path) ? topLevelAwaits(file) : [];
  const long =
    file.lines > FILE_LINES_MAX
      ? [`${file.path}: ${file.lines} lines, at most ${FILE_LINES_MAX}: it holds more than one noun`]
      : [];
  return [...found, ...awaits, ...long];
}

/** `await` outside all braces and parentheses. A one-line async arrow function is told by its `=>`. */
function topLevelAwaits(file: ScannedFile): readonly string[] {
  const offences: string[] = [];
  for (const match of file.code.matchAll(/\bawait\b/g)) {
    const before = file.code.slice(0, match.index);
    const depth = count(before, /[{(]/g) - count(before, /[})]/g);
    const statement = before.slice(before.lastIndexOf(';') + 1);
    if (depth <= 0 && !statement.includes('=>')) {
      offences.push(`${at(file, match.index)}: top-level await does not survive the bundle`);
    }
  }
  return offences;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function at(file: ScannedFile, offset: number): string {
  return `${file.path}:${lineOf(file.code, offset)}`;
}

/** Entries at the root of the tree that don't belong there. `ignored` are names that version control ignores. */
export function rootOffences(entries: readonly string[], ignored: readonly string[]): readonly string[] {
  return entries
    .filter((name) => !name.startsWith('.') && !ROOT_ENTRIES.includes(name) && !ignored.includes(name))
    .map((name) => `${name}: does not belong at the root of the tree`);
}
