import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const HOLDER = join(import.meta.dirname, 'lock-holder.ts');

export interface HolderOptions {
  /** A program, with arguments, that runs the holder: `['unshare', '-n']`. */
  readonly within?: readonly string[];
  readonly rights?: 'own' | 'unprivileged';
}

/** Starts another process that opens the data directory; @returns it, and what it said first. It is killed when the test ends. */
export async function holdDirectory(
  t: TestContext,
  directory: string,
  { within = [], rights = 'own' }: HolderOptions = {},
): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const [program, ...rest] = [...within, process.execPath, HOLDER, directory, rights];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, said: String(line).trim() };
}
