import { GridvineError } from '#runtime/core/errors.ts';
import { type ConfigPath, formatPath } from './config-path.ts';
import { isSecret, REDACTED, redact } from './redact.ts';

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  /** What would be right: `a port between 1 and 65535`. */
  readonly expected: string;
  /** What stands there; absent: nothing does. */
  readonly got?: unknown;
  /** Who gave it. */
  readonly origin?: string;
  /** A next step. */
  readonly hint?: string;
}

const GOT_CHARS_MAX = 100;

/** One line: `sources[0].baudRate: expected one of 9600, 19200; got 9601 (file /etc/gridvine/gridvine.yaml:7)`. */
export function formatProblem(problem: ConfigProblem): string {
  const place = formatPath(problem.path);
  const origin = problem.origin === undefined ? '' : ` (${problem.origin})`;
  const hint = problem.hint === undefined ? '' : `. ${problem.hint}`;
  return `${place === '' ? 'configuration' : place}: expected ${problem.expected}; got ${formatGot(problem)}${origin}${hint}`;
}

/** The configuration can't be used; the message has one line for each problem, all of them at once. */
export class ConfigError extends GridvineError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super('E_CONFIG', problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** As JSON. Numbers that a JavaScript number can't hold come as bigints from the API: they are shown by their digits. */
export function jsonTextOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}

function formatGot(problem: ConfigProblem): string {
  if (problem.got === undefined) return 'nothing';
  if (isSecret(problem.path)) return REDACTED;
  const got = redact(problem.got, problem.path);
  const text = jsonTextOf(got) ?? String(got);
  return text.length > GOT_CHARS_MAX ? `${text.slice(0, GOT_CHARS_MAX)}...` : text;
}
