import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bundleForHere } from '../../../scripts/release/bundle-here.ts';
import { projectPath } from '../../../scripts/release/project.ts';
import { EXEC_ARGV } from '../../../scripts/release/sea.ts';
import { binaryName } from '../../../scripts/release/target.ts';
import type { Command } from '../binary.ts';

/** The program under test: the binary that `GRIDVINE_BINARY` names, else the built one, else the bundle that `npm start` runs. */
const PROGRAM: Command = await programUnderTest();

async function programUnderTest(): Promise<Command> {
  const built = projectPath('dist', binaryName(process.arch === 'arm64' ? 'arm64' : 'x64'));
  const binary = process.env.GRIDVINE_BINARY ?? (existsSync(built) ? built : undefined);
  return binary === undefined ? [process.execPath, ...EXEC_ARGV, await bundleForHere()] : [binary];
}

/** A running command, with all that it has written. */
export class RunningProgram {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [file, ...first] = PROGRAM;
    this.child = spawn(file, [...first, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => resolve(code ?? signal)),
    );
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** For `after`: ends it where the test didn't. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}
