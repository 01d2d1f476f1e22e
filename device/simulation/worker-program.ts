import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { pathToFileURL } from 'node:url';

/** What a worker thread runs. */
export interface WorkerProgram {
  /** A file, or with `isText` the JavaScript itself. */
  readonly code: string | URL;
  readonly isText: boolean;
}

/** The worker's bundle, by this name inside the single binary and beside a bundle; `scripts/release` makes it. */
export const WORKER_BUNDLE = 'simulation-worker.cjs';

/**
 * The program of the workers that simulate, for whatever this process runs from: the single binary (where no path leads to
 * what is inside, so its text is taken), a bundle, or the sources.
 * @returns undefined where there is none; the caller simulates in its own thread then.
 */
export function findWorkerProgram(): WorkerProgram | undefined {
  if (isSea()) return bundledText();
  // A bundle is CommonJS, the sources are not.
  const file = typeof __filename === 'string' ? join(dirname(__filename), WORKER_BUNDLE) : sourceFile();
  if (file === undefined || !existsSync(file)) return undefined;
  return { code: pathToFileURL(file), isText: false };
}

function bundledText(): WorkerProgram | undefined {
  try {
    return { code: getAsset(WORKER_BUNDLE, 'utf8'), isText: true };
  } catch {
    return undefined;
  }
}

/** The sources around the script that was started know each other by the package's own names. */
function sourceFile(): string | undefined {
  const script = process.argv[1];
  if (script === undefined) return undefined;
  try {
    return createRequire(script).resolve('#device/simulation/worker.ts');
  } catch {
    return undefined;
  }
}
