import { Readable } from 'node:stream';
import { runCli } from '#device/cli/run-cli.ts';
import type { ScryptCost } from '#runtime/crypto/provider.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly env?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly askSecret?: (prompt: string) => Promise<string>;
  readonly askLine?: (prompt: string) => Promise<string | undefined>;
  readonly nowSeconds?: () => number;
  readonly passphraseCost?: ScryptCost;
  /** What comes by the pipe. */
  readonly stdin?: string;
}

/** Runs one command line in this process. */
export async function gridvine(argv: readonly string[], world: CliWorld = {}): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const stream = (lines: string[]) => ({
    write: (text: string) => lines.push(text) > 0,
    isTTY: world.isTTY === true,
    columns: world.columns ?? 80,
  });
  const { env = {}, stdin, askSecret, askLine, nowSeconds, passphraseCost } = world;
  const code = await runCli(argv, {
    stdout: stream(out),
    stderr: stream(err),
    env,
    ...(stdin === undefined ? {} : { stdin: Readable.from([stdin]) }),
    ...(askSecret === undefined ? {} : { askSecret }),
    ...(askLine === undefined ? {} : { askLine }),
    ...(nowSeconds === undefined ? {} : { nowSeconds }),
    ...(passphraseCost === undefined ? {} : { passphraseCost }),
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
