import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { LEAVE_LIMIT_MS, LOG_TAIL_BYTES } from './limits.ts';
import { memberPaths } from './member-config.ts';
import type { Program } from './program.ts';

/** How a daemon ended: by its own exit code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * One daemon of the demo, as a process of its own. It leads its own process group, so that Ctrl-C on the terminal reaches
 * only the demo, which then lets the daemons leave one after the other. Its standard input is a pipe from the demo: when
 * that breaks because the demo was killed, the daemon leaves by itself.
 */
export class DaemonProcess {
  readonly name: string;
  readonly socket: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending>;
  #ending: Ending | undefined;

  constructor(options: {
    readonly name: string;
    readonly directory: string;
    readonly config: object;
    readonly program: Program;
  }) {
    const paths = memberPaths(options.directory);
    this.name = options.name;
    this.socket = paths.socket;
    this.logFile = paths.log;
    // JSON is YAML too.
    writeFileSync(paths.config, JSON.stringify(options.config, null, 2), { mode: 0o600 });
    const log = openSync(paths.log, 'a', 0o600);
    const { file, args, env } = options.program;
    this.#child = spawn(file, [...args, 'demo', 'member', '--config', paths.config], {
      detached: true,
      env: { ...env, ...ownEnvironment(process.env) },
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    // A daemon that is gone breaks the pipe; it is seen by its ending.
    this.#child.stdin?.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      const end = (ending: Ending) => {
        this.#ending ??= ending;
        resolve(this.#ending);
      };
      this.#child.once('exit', (code, signal) => end({ code, signal }));
      this.#child.once('error', () => end({ code: null, signal: null }));
    });
  }

  /** undefined: it couldn't be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process has ended, never rejects. */
  get whenEnded(): Promise<Ending> {
    return this.#ended;
  }

  get running(): boolean {
    return this.#ending === undefined;
  }

  /** undefined while it runs. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Asks it to leave, and kills it where that takes too long. Resolves when it has ended. */
  async leave(): Promise<Ending> {
    if (!this.running) return this.#ended;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), LEAVE_LIMIT_MS);
    const ending = await this.#ended;
    clearTimeout(timer);
    return ending;
  }

  kill(): void {
    if (this.running) this.#child.kill('SIGKILL');
  }

  /** The last lines that it wrote. */
  logTail(): string {
    const text = readFileSync(this.logFile, 'utf8');
    return text.slice(-LOG_TAIL_BYTES).trim();
  }
}

/** The environment without gridvine's own variables: they count more than the file, and belong to the user's real node. */
function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GRIDVINE_')));
}
