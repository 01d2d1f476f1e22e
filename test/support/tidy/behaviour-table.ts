/** A number of a behaviour that a comment cites, and where. */
export interface Citation {
  /** `B-41`; or `I6`, `R2`, `U11`. */
  readonly code: string;
  /** Path from the root of the tree. */
  readonly path: string;
}

/** A row of the table of behaviours. */
interface Row {
  readonly code: string;
  /** What stands behind the code, cell by cell. */
  readonly cells: readonly string[];
}

const COMMENT = /^\s*(?:\/\/|\/?\*)/;
/** Only at the beginning of a comment: elsewhere a letter and a number are many things. */
const CITING = /^\s*\/\/ (?:B-|[IRU])\d+\b/;
const EVERY_CODE = /\b(?:B-|[IRU])\d+\b/g;
const BEHAVIOUR = /\bB-\d+\b/g;

/** The behaviours that the comments of a source file cite. */
export function citationsIn(path: string, text: string): readonly Citation[] {
  return text
    .split('\n')
    .filter((line) => COMMENT.test(line))
    .flatMap((line) => [...line.matchAll(CITING.test(line) ? EVERY_CODE : BEHAVIOUR)])
    .map(([code]) => ({ code, path }));
}

/** Where the table of behaviours and the citations disagree, as lines for people. */
export function behaviourOffences(table: string, citations: readonly Citation[]): readonly string[] {
  const rows = rowsOf(table);
  const inTests = citations.filter(({ path }) => path.startsWith('test/'));
  const codes = rows.map(({ code }) => code);
  const twice = codes.filter((code, i) => codes.indexOf(code) !== i);
  return [
    ...twice.map((code) => `${code} has two rows`),
    ...citations
      .filter(({ code }) => !codes.includes(code))
      .map(({ code, path }) => `${path} cites ${code}, which has no row`),
    ...rows.flatMap((row) => rowOffences(row, inTests)),
  ];
}

function rowsOf(table: string): readonly Row[] {
  return [...table.matchAll(/^\| ((?:B-|[IRU])\d+) \|(.*)\|$/gm)].map(([, code = '', rest = '']) => ({
    code,
    cells: rest.split('|').map((cell) => cell.trim()),
  }));
}

function rowOffences({ code, cells }: Row, citations: readonly Citation[]): readonly string[] {
  const isBehaviour = code.startsWith('B-');
  if (cells.length !== (isBehaviour ? 3 : 1) || cells[0] === '') return [`the row of ${code} lacks cells`];
  const citing = new Set(citations.filter((each) => each.code === code).map(({ path }) => path));
  if (!isBehaviour) return citing.size === 0 ? [`no test cites ${code}`] : [];
  const [, files = '', ours = ''] = cells;
  const listed = [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => `test/${file}.test.ts`);
  if (listed.length === 0 && citing.size > 0)
    return [`the row of ${code} names no test, but it is cited by ${[...citing].join(', ')}`];
  if (listed.length === 0 && ours === '') return [`the row of ${code} names neither a test nor a reason`];
  return listed
    .filter((path) => !citing.has(path))
    .map((path) => `the row of ${code} names ${path}, which does not cite it`);
}
