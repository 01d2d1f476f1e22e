/** How much of one file tests took. */
export interface FileCoverage {
  /** From the root of the repository. */
  readonly path: string;
  readonly branches: number;
  readonly branchesTaken: number;
  /** Lines where branches begin that no test took. */
  readonly missed: readonly number[];
}

/** Reads a report in lcov's format, as far as branches go: `SF:path`, `BRDA:line,block,branch,times`, `end_of_record`. */
export function readLcov(text: string): FileCoverage[] {
  const files: FileCoverage[] = [];
  let path = '';
  let branches: { readonly line: number; readonly times: number }[] = [];
  for (const line of text.split('\n')) {
    const [name, value = ''] = splitOnce(line);
    if (name === 'SF') {
      path = value;
      branches = [];
    } else if (name === 'BRDA') {
      const [at, , , times] = value.split(',');
      branches.push({ line: Number(at), times: times === '-' ? 0 : Number(times) });
    } else if (name === 'end_of_record') {
      const missed = branches.filter(({ times }) => times === 0).map((branch) => branch.line);
      files.push({
        path,
        branches: branches.length,
        branchesTaken: branches.length - missed.length,
        missed: [...new Set(missed)].sort((a, b) => a - b),
      });
    }
  }
  return files;
}

function splitOnce(line: string): [string, string?] {
  const at = line.indexOf(':');
  return at < 0 ? [line] : [line.slice(0, at), line.slice(at + 1)];
}
