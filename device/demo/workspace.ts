import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const PREFIX = 'gridvine-demo-';
const KEY_FILE = 'cluster.key';
const KEY_BYTES = 32;
const CLUSTER_SUFFIX_BYTES = 3;
/** A unix socket's path has at most 107 bytes on Linux: room for what comes below the temporary folder. */
const PARENT_BYTES_MAX = 70;

/** The places of one demo on this machine, all below one private folder that goes away with it. */
export interface Workspace {
  readonly directory: string;
  readonly cluster: string;
  readonly keyFile: string;
  /** Folder of one daemon's files; made on first use. */
  nodeDirectory(name: string): string;
  /** Deletes everything. Idempotent. */
  remove(): void;
}

/**
 * Makes the folder, with mode 0700, and a new pre-shared key in it. The cluster's name is random too, so that the demo
 * meets neither a real cluster nor another demo.
 */
export function createWorkspace(): Workspace {
  const directory = mkdtempSync(join(parentDirectory(), PREFIX));
  const keyFile = join(directory, KEY_FILE);
  writeFileSync(keyFile, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 });
  return {
    directory,
    cluster: `demo-${randomBytes(CLUSTER_SUFFIX_BYTES).toString('hex')}`,
    keyFile,
    nodeDirectory(name) {
      const path = join(directory, name);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/**
 * Deletes the files of one daemon whose demo was killed and can't do it any more, and, by the last of them, the rest.
 * Never throws.
 */
export function removeOrphaned(nodeDirectory: string): void {
  const parent = dirname(nodeDirectory);
  if (!basename(parent).startsWith(PREFIX)) return;
  try {
    rmSync(nodeDirectory, { recursive: true, force: true });
    // The key stays as long as another daemon may still have to read it.
    if (readdirSync(parent).every((name) => name === KEY_FILE))
      rmSync(parent, { recursive: true, force: true });
  } catch {
    // Another one was faster.
  }
}

function parentDirectory(): string {
  const directory = tmpdir();
  return Buffer.byteLength(directory) > PARENT_BYTES_MAX ? '/tmp' : directory;
}
