import childProcess from 'node:child_process';
import type { Command } from './runner.ts';

/** What pkg's module `lib-es5/sea.js` takes, as far as it is used here. */
export type PkgOptions = {
  readonly targets: readonly {
    readonly nodeRange: string;
    readonly platform: string;
    readonly arch: string;
    readonly output: string;
  }[];
  readonly signature: boolean;
  readonly seaConfig: Readonly<Record<string, unknown>>;
};

/** Makes executables of one entry file. */
export type PkgSea = (entry: string, options: PkgOptions) => Promise<void>;

/** Node's switch that turns a SEA configuration into a blob. */
const GENERATE = '--experimental-sea-config';

/**
 * V8 seeds its string hashes at random, and a code cache contains such hashes: without a fixed seed no two
 * builds are alike. The seed isn't part of what V8 compares when it accepts a cache.
 */
const DETERMINISTIC = '--random-seed=1';

let generator: Command = [process.execPath];

/**
 * Runs pkg with the given command as the maker of its blob.
 *
 * pkg offers no way to choose it, or to give it arguments: it starts the base executable, which can't run here
 * when it is for another architecture. Hence the one call that makes the blob is redirected; all others
 * (there is none in this mode) pass. The exact pin of pkg in package.json keeps this sound.
 */
export async function withBlobGenerator(
  command: Command,
  action: (pkg: PkgSea) => Promise<void>,
): Promise<void> {
  generator = command;
  await action(await loadPkg());
}

let loading: Promise<PkgSea> | undefined;

/** pkg keeps the function that it finds in `child_process` when it is loaded; so the redirection comes first. */
function loadPkg(): Promise<PkgSea> {
  loading ??= (async () => {
    const original = childProcess.execFile;
    childProcess.execFile = redirected(original);
    try {
      const module: { default: unknown } = await import('@yao-pkg/pkg/lib-es5/sea.js');
      return (module.default as { default: PkgSea }).default;
    } finally {
      childProcess.execFile = original;
    }
  })();
  return loading;
}

type ExecFile = typeof childProcess.execFile;

function redirected(original: ExecFile): ExecFile {
  const call = original as unknown as (file: string, args: readonly string[], ...rest: unknown[]) => unknown;
  const replacement = (file: string, args: readonly string[], ...rest: unknown[]) => {
    if (args[0] !== GENERATE) return call(file, args, ...rest);
    const [program, ...before] = generator;
    return call(program, [...before, DETERMINISTIC, ...args], ...rest);
  };
  return replacement as unknown as ExecFile;
}
