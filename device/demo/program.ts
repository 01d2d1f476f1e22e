import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';

/** How to start this same program once more. */
export interface Program {
  readonly file: string;
  /** What comes before the program's own arguments. */
  readonly args: readonly string[];
  /** Variables to be added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The running program: the single binary, or Node with its flags and the script that it was given. */
export function thisProgram(): Program {
  const script = process.argv[1];
  if (isSea() || script === undefined) return binaryProgram(process.execPath);
  return scriptProgram({ script, flags: process.execArgv });
}

/** A single binary. */
export function binaryProgram(file: string): Program {
  return { file, args: [], env: {} };
}

/**
 * A bundle, or `device/main.ts`, run by this Node with these flags. What Node has compiled of it is kept, beside the bundle
 * or the installed packages, so that the next daemon starts in less than half the time and with less memory.
 */
export function scriptProgram(options: {
  readonly script: string;
  readonly flags: readonly string[];
}): Program {
  const { script, flags } = options;
  const folder = dirname(script);
  const cache = script.endsWith('.ts')
    ? join(dirname(folder), 'node_modules', '.cache', 'gridvine')
    : join(folder, 'cache');
  return {
    file: process.execPath,
    args: [...flags, script],
    env: { NODE_COMPILE_CACHE: cache },
  };
}

/**
 * The words by which a person in the same folder would call this program, for hints: as they did themselves, or as the
 * script of `package.json` where npm started it.
 */
export function spokenCommand(options: {
  readonly program: Pick<Program, 'args'>;
  /** What the process was called by. */
  readonly argv0: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): string {
  const { program, argv0, cwd, env } = options;
  if (env.npm_lifecycle_event !== undefined) return 'npm run -s gridvine --';
  const scripts = program.args
    // Flags that spare memory are nothing to be typed.
    .filter((word) => !word.startsWith('--'))
    .map((path) => (path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path));
  return [argv0, ...scripts].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
