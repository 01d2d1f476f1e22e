import type { ScryptCost } from '#runtime/crypto/provider.ts';

/** Exit codes of the contract. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 69, config: 78 } as const;

/** What a command may write to. `process.stdout` is one. */
export interface OutputStream {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The world of a command: its streams and environment. `process` is one; tests pass their own. */
export interface CliIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Read only where a command is told to, by `-`. */
  readonly stdin?: AsyncIterable<unknown>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks a person for a secret; absent: on the terminal, without echo. */
  readonly askSecret?: (prompt: string) => Promise<string>;
  /** Asks a person for a line; undefined where there is nobody to ask. Absent: on stdin, where that is a terminal. */
  readonly askLine?: (prompt: string) => Promise<string | undefined>;
  /** Seconds since 1970; absent: the system's clock. */
  readonly nowSeconds?: () => number;
  /** What a new passphrase costs to try; absent: what a CA needs. */
  readonly passphraseCost?: ScryptCost;
}

/**
 * Ends a command: its message goes to stderr as it is (one line that says what to do next), and its code to the shell.
 * A command that only wants to set the exit code, having printed all there is to say, gives an empty message.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
