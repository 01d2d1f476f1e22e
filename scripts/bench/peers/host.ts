import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

/** What the figures were measured with and on. */
export interface HostFacts {
  readonly processors: number;
  readonly memoryMb: number;
  /** What the kernel grants a socket at the most; null: it doesn't tell. */
  readonly rmemMaxBytes: number | null;
  readonly openFilesMax: number | null;
  readonly node: string;
  readonly gridvine: string;
  /** null: not installed. */
  readonly go: string | null;
  readonly memberlist: string | null;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Of libraries and pipes of a process. */
const FILES_BESIDES = 128;
/** memberlist: a UDP socket, a TCP listener, and streams of push-pull with both ends in the one process. gridvine: a socket, and touches. */
const FILES_PER_NODE = 4;

export function hostFacts(): HostFacts {
  const rmemMax = Number(tryRead('/proc/sys/net/core/rmem_max') ?? Number.NaN);
  return {
    processors: availableParallelism(),
    memoryMb: Math.round(totalmem() / 1e6),
    rmemMaxBytes: Number.isFinite(rmemMax) ? rmemMax : null,
    openFilesMax: parseOpenFilesMax(tryRead('/proc/self/limits') ?? ''),
    node: process.version,
    gridvine: JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version,
    go: tryRun('go', ['version'])?.replace(/^go version /, '') ?? null,
    memberlist:
      tryRun('dpkg-query', ['-W', 'golang-github-hashicorp-memberlist-dev'])?.split('\t')[1] ?? null,
  };
}

/**
 * The hard limit: Node and Go both raise their own to it.
 * @param text of `/proc/self/limits`. @returns null: unlimited, or not told.
 */
export function parseOpenFilesMax(text: string): number | null {
  const max = /^Max open files +\d+ +(\d+)/m.exec(text)?.[1];
  return max === undefined ? null : Number(max);
}

/** @throws Error where so many nodes in one process don't find enough descriptors. */
export function checkOpenFiles(nodesInProcess: number, openFilesMax: number | null): void {
  const needed = FILES_BESIDES + FILES_PER_NODE * nodesInProcess;
  if (openFilesMax === null || openFilesMax >= needed) return;
  throw new Error(
    `open files: expected a limit of at least ${needed} for ${nodesInProcess} nodes in one process; got ${openFilesMax}. Raise it (ulimit -Hn ${needed}), or measure fewer nodes`,
  );
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function tryRun(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
