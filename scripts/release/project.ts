import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Root of the source tree; every path of the release scripts is made from it. */
export const PROJECT_ROOT: string = resolve(import.meta.dirname, '../..');

/** Absolute path of something inside the source tree. */
export function projectPath(...parts: readonly string[]): string {
  return resolve(PROJECT_ROOT, ...parts);
}

/** What identifies the tree that is being built. */
export type SourceInfo = {
  readonly version: string;
  /** Commit hash, `-dirty` appended where tracked files differ; `unknown` where git can't tell. */
  readonly commit: string;
  /** Seconds since 1970 that all generated archives carry instead of the time of the build. */
  readonly epochSeconds: number;
};

type PackageJson = { readonly version: string };

/** One entry of `package-lock.json`, as far as the release needs it. */
export type LockEntry = {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
};

/** Reads version, commit and time of the source tree. `SOURCE_DATE_EPOCH` wins over the commit's time. */
export function readSourceInfo(env: NodeJS.ProcessEnv = process.env): SourceInfo {
  const { version } = readJson<PackageJson>('package.json');
  const head = git('rev-parse', 'HEAD');
  const dirty = head !== undefined && git('status', '--porcelain', '--untracked-files=no') !== '';
  return {
    version,
    commit: head === undefined ? 'unknown' : `${head}${dirty ? '-dirty' : ''}`,
    epochSeconds: sourceEpoch(env, git('log', '-1', '--format=%ct')),
  };
}

function sourceEpoch(env: NodeJS.ProcessEnv, commitTime: string | undefined): number {
  const text = env.SOURCE_DATE_EPOCH ?? commitTime ?? '0';
  const seconds = Number(text);
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new Error(`SOURCE_DATE_EPOCH: expected whole seconds since 1970; got ${JSON.stringify(text)}`);
  }
  return seconds;
}

/** The lockfile's entry of a package in `node_modules`; throws when there is none. */
export function lockEntry(installPath: string): LockEntry {
  const lock = readJson<{ packages: Record<string, LockEntry> }>('package-lock.json');
  const entry = lock.packages[installPath];
  if (entry === undefined) {
    throw new Error(
      `package-lock.json: expected an entry ${installPath}; run npm install and commit the lockfile`,
    );
  }
  return entry;
}

/** Parses a JSON file given by its path in the source tree. */
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(projectPath(path), 'utf8')) as T;
}

/** A git answer, or undefined where there is no git, no checkout or no commit yet. */
function git(...args: readonly string[]): string | undefined {
  try {
    const output = execFileSync('git', [...args], {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim();
  } catch {
    return undefined;
  }
}
