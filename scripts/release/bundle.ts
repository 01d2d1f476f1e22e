import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { WORKER_BUNDLE } from '#device/simulation/worker-program.ts';
import { projectPath, type SourceInfo } from './project.ts';

/** Optional native add-ons of libraries: never bundled, and the libraries work without them. */
const EXTERNAL = [
  'cbor-extract',
  'bufferutil',
  'utf-8-validate',
  'supports-color',
  'osx-temperature-sensor',
  'macos-temperature-sensor',
];

/** What a worker thread of `gridvine simulate` runs; all that is in it is in the main bundle too. */
const WORKER_ENTRY = 'device/simulation/worker.ts';

/** A finished bundle. */
export type Bundle = {
  /** The CommonJS file that goes into the binary. */
  readonly path: string;
  /** The worker thread's program, which goes in beside it as text. */
  readonly workerPath: string;
  readonly bytes: number;
  /** Packages whose code is really in it, by their folder, such as `node_modules/ms`; sorted. */
  readonly packages: readonly string[];
};

/** What is bundled, and where to. */
export type BundleOptions = {
  /** Main file, by its path in the source tree. */
  readonly entry: string;
  readonly source: SourceInfo;
  /** Folder in the source tree that gets `main.cjs` and its map, such as `dist`. */
  readonly directory: string;
};

/**
 * Bundles the daemon into one CommonJS file, `main.cjs`, with its source map beside it; and what worker threads run, which can't
 * be started from code inside another file, into one of its own.
 *
 * Names are kept and lines are short, so that a stack trace of a board in the field can be read; the same
 * tree gives the same bytes in any directory. A program that runs from the file that was there keeps it.
 */
export async function bundleProgram({ entry, source, directory }: BundleOptions): Promise<Bundle> {
  const outfile = `${directory}/main.cjs`;
  const [main, worker] = await Promise.all([
    build({ ...shapeOf(source), entryPoints: [entry], outfile: projectPath(outfile), sourcemap: 'external' }),
    build({
      ...shapeOf(source),
      entryPoints: [WORKER_ENTRY],
      outfile: projectPath(directory, WORKER_BUNDLE),
    }),
  ]);
  for (const { path, contents } of [...main.outputFiles, ...worker.outputFiles]) replaceFile(path, contents);
  const output = outputOf(main.metafile, outfile);
  return {
    path: projectPath(outfile),
    workerPath: projectPath(directory, WORKER_BUNDLE),
    bytes: output.bytes,
    packages: bundledPackages(output),
  };
}

/** What both bundles have in common. */
function shapeOf(source: SourceInfo) {
  return {
    absWorkingDir: projectPath(),
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: EXTERNAL,
    // Declared and read in device/build-info.ts. Plain strings: an object would be set up anew in each module.
    define: {
      __GRIDVINE_VERSION__: JSON.stringify(source.version),
      __GRIDVINE_COMMIT__: JSON.stringify(source.commit),
    },
    loader: { '.yaml': 'text', '.html': 'text', '.css': 'text', '.svg': 'text' },
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    charset: 'ascii',
    legalComments: 'none',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  } as const satisfies BuildOptions;
}

/** In one step: two that bundle at the same time must not read each other's half. */
function replaceFile(path: string, contents: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
}

type Output = Metafile['outputs'][string];

function outputOf(metafile: Metafile, outfile: string): Output {
  const output = metafile.outputs[outfile];
  if (output === undefined) throw new Error(`esbuild did not report ${outfile}`);
  return output;
}

/** Folders of all packages that contribute at least one byte. */
export function bundledPackages(output: Pick<Output, 'inputs'>): readonly string[] {
  const folders = new Set<string>();
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
    const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
    if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
  }
  return [...folders].sort();
}
