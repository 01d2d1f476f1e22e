import { spawn } from 'node:child_process';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** After so many milliseconds the process is ended and the call fails. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** From asking a process to end until it is killed. */
const GRACE_MS = 5_000;

/**
 * Runs a process whose standard input stays open for as long as it is wanted: it ends itself when that closes, so none is left
 * behind even where this process is killed.
 * @returns its standard output.
 * @throws Error when it can't be started, fails, or takes too long; its `code` is the platform's (`ENOENT`).
 */
export async function runProcess(options: ProcessOptions): Promise<string> {
  const { command, args, env, limitMs, signal } = options;
  signal.throwIfAborted();
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let why: string | undefined;
  let kill: NodeJS.Timeout | undefined;
  const end = (reason: string) => {
    why ??= reason;
    child.stdin.end();
    kill ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const limit = setTimeout(
    () => end(`ended after ${Math.round(limitMs / 1_000)} s without a result`),
    limitMs,
  );
  const abort = () => end('interrupted');
  signal.addEventListener('abort', abort);
  child.stdin.on('error', () => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    if (why === undefined && code === 0) return stdout;
    throw new Error(`${command} ${args.join(' ')}: ${why ?? `exit code ${code}`}\n${stderr.slice(-2_000)}`);
  } finally {
    clearTimeout(limit);
    clearTimeout(kill);
    signal.removeEventListener('abort', abort);
  }
}
