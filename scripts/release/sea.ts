/**
 * Makes the binaries: pkg in its simple "single executable application" mode, without a network.
 *
 * pkg looks for Node in `$HOME/.pkg-cache/sea`; a private home holds our stripped executables there, with the
 * marker files that pkg writes after a checked download. (The base is stripped before and never after
 * injection: a finished binary doesn't survive it.)
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BaseNode } from './base-node.ts';
import type { Bundle } from './bundle.ts';
import { withBlobGenerator } from './pkg-sea.ts';
import { projectPath } from './project.ts';
import { nodeRunner } from './runner.ts';
import { type Arch, binaryName } from './target.ts';

/**
 * Flags that Node takes before it starts our program; `npm start` runs its bundle with the same ones. Each keeps some of a
 * board's memory free: a young generation of 1 MB (7 MB); one thread instead of four that compiles and collects, as each has a
 * pool of its own (1 to 2 MB); no compiler between the fast one and the good one, whose peaks stay in such a pool (2 to 3 MB
 * where MQTT is published).
 */
export const EXEC_ARGV: readonly string[] = [
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  '--no-maglev',
  '--disable-warning=ExperimentalWarning',
];

/** The name under which the program appears in stack traces. */
const MAIN_NAME = 'gridvine.cjs';

/** A finished binary. */
export type Binary = {
  readonly arch: Arch;
  readonly path: string;
  /** Whether compiled code is inside; without it each start takes about twice as long. */
  readonly codeCache: boolean;
};

/** Injects a bundle into each base, one after the other. */
export async function makeBinaries(
  bundle: Pick<Bundle, 'path' | 'workerPath'>,
  bases: readonly BaseNode[],
): Promise<readonly Binary[]> {
  const work = projectPath('build', 'sea');
  const home = join(work, 'home');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'tmp'), { recursive: true });
  copyFileSync(bundle.path, join(work, 'tmp', MAIN_NAME));
  copyFileSync(bundle.workerPath, join(work, 'tmp', basename(bundle.workerPath)));

  const binaries: Binary[] = [];
  const restore = setEnvironment({ HOME: home, TMPDIR: join(work, 'tmp') });
  try {
    for (const base of bases) {
      seedCache(join(home, '.pkg-cache', 'sea'), base);
      binaries.push(await makeBinary(bundle, base));
    }
  } finally {
    restore();
    rmSync(work, { recursive: true, force: true });
  }
  return binaries;
}

async function makeBinary(bundle: Pick<Bundle, 'path' | 'workerPath'>, base: BaseNode): Promise<Binary> {
  const { arch, version } = base;
  const output = projectPath('dist', binaryName(arch));
  // A code cache is only accepted by the architecture that made it: its own Node has to run here.
  const runner = nodeRunner(base);
  // V8 refuses a cache that was made under other flags.
  await withBlobGenerator([...(runner ?? [process.execPath]), ...EXEC_ARGV], async (pkg) => {
    const worker = basename(bundle.workerPath);
    await pkg(bundle.path, {
      targets: [{ nodeRange: `node${version}`, platform: 'linux', arch, output }],
      signature: false,
      seaConfig: {
        // Relative to the temporary directory that pkg makes below TMPDIR: the path ends up in the binary, and
        // must not depend on where the source tree lies.
        main: `../${MAIN_NAME}`,
        execArgv: EXEC_ARGV,
        useSnapshot: false,
        useCodeCache: runner !== undefined,
        assets: { [worker]: `../${worker}` },
      },
    });
  });
  return { arch, path: output, codeCache: runner !== undefined };
}

function seedCache(cache: string, base: BaseNode): void {
  const name = `node-v${base.version}-linux-${base.arch}`;
  const bin = join(cache, name, 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(base.path, join(bin, 'node'));
  writeFileSync(join(bin, 'node.ok'), '');
  writeFileSync(join(cache, `${name}.tar.gz`), '');
  writeFileSync(join(cache, `${name}.tar.gz.ok`), '');
}

function setEnvironment(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
