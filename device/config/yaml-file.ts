import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { fileProblem, type ParsedFile } from './config-file.ts';
import type { ConfigPath } from './config-path.ts';
import { ConfigError } from './problem.ts';

/** Aliases that a document may resolve to; more is an attempt to fill the memory. */
const ALIASES_MAX = 100;

/** Parses a YAML file. @throws ConfigError with a line for each mistake. */
export function parseYamlFile(path: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) =>
        fileProblem(`${path}:${lines.linePos(pos[0]).line}`, 'YAML', message),
      ),
    );
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    const lineOf = (at: ConfigPath) => {
      const offset = keyOffset(document.contents, at);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    };
    return { value, lineOf };
  } catch (error) {
    throw new ConfigError([fileProblem(path, 'YAML', (error as Error).message)]);
  }
}

/** Where a key stands in the text: that of the innermost one on the path. */
function keyOffset(root: unknown, path: ConfigPath): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === step);
      offset = isScalar(pair?.key) ? pair.key.range?.[0] : offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
    } else {
      return offset;
    }
  }
  return offset;
}
