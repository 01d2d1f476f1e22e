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

/**
 * One pool of memory for all threads of a daemon, instead of one each (`mallopt(3)`): 2 to 5 MB less of it, and no more
 * time, because hardly anything is asked of it but by the main thread.
 */
const ONE_POOL: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };

/** The running program: the single binary, or Node with its flags and the script that it was given. */
export function thisProgram(): Program {
  const script = process.argv[1];
  if (isSea() || script === undefined) return binaryProgram(process.execPath);
  return scriptProgram({ script, flags: process.execArgv });
}

/** A single binary. */
export function binaryProgram(file: string): Program {
  return { file, args: [], env: ONE_POOL };
}

/**
 * A bundle, or `device/main.ts`, run by this Node with these flags. What Node has compiled is kept in `.cache` beside the
 * script, or where `NODE_COMPILE_CACHE` says, so that the next daemon starts in less than half the time and with less memory.
 */
export function scriptProgram(options: {
  readonly script: string;
  readonly flags: readonly string[];
  readonly compileCache?: string;
}): Program {
  const { script, flags } = options;
  const compileCache = options.compileCache ?? process.env.NODE_COMPILE_CACHE ?? packagesCache(script);
  const cache = compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache };
  return { file: process.execPath, args: [...flags, script], env: { ...ONE_POOL, ...cache } };
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
  const scripts = program.args.map((path) =>
    path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path,
  );
  return [argv0, ...scripts].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
