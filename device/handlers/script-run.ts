import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { ChildCommand, ChildExit, ProcessPort } from '#bridge/ports/process-port.ts';
import { describeExit } from '#bridge/sources/child.ts';

/** How one run of a script ended. */
export interface ScriptResult {
  /** undefined: well. Else what happened, as the rest of a sentence that begins with the script. */
  readonly problem: string | undefined;
  readonly timedOut: boolean;
  /** The beginning of what it printed. */
  readonly output: Uint8Array;
  /** All that it printed, in bytes. */
  readonly outputBytes: number;
}

/** Kept of what a script prints: more than any answer holds. The rest is counted and let go. */
export const OUTPUT_KEPT_BYTES = 65_536;
const ERROR_KEPT_BYTES = 1_024;
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 1_000;
/** A process that is stuck in a driver doesn't end even then; nobody waits for it. */
const KILL_GRACE_MS = 1_000;

/** Runs a script once, ends it with all that it started when its time is over, and bounds what it prints. */
export class ScriptRun {
  /** Resolves when it has ended, or is given up. */
  readonly ended: Promise<ScriptResult>;
  /** Resolves when the process is gone, which one that is stuck never is. */
  readonly gone: Promise<void>;
  readonly #stop: () => void;

  constructor(options: {
    readonly processes: ProcessPort;
    readonly clock: ClockPort;
    readonly command: ChildCommand;
    readonly timeoutMs: number;
  }) {
    const { processes, clock, command, timeoutMs } = options;
    const { promise, resolve } = Promise.withResolvers<ScriptResult>();
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
    const output = new Kept(OUTPUT_KEPT_BYTES);
    const errors = new Kept(ERROR_KEPT_BYTES);
    let timedOut = false;
    let cancel = () => {};
    const settle = (exit: ChildExit | 'stuck') => {
      cancel();
      const problem = problemOf(exit, timedOut ? timeoutMs : undefined, errors.text);
      resolve({ problem, timedOut, output: output.bytes, outputBytes: output.total });
    };
    const child = processes.spawn(command, {
      stdout: (bytes) => output.add(bytes),
      stderr: (bytes) => errors.add(bytes),
      exited: (exit) => {
        settle(exit);
        leave();
      },
    });
    const kill = () => {
      child.signalGroup('SIGKILL');
      cancel = clock.schedule(KILL_GRACE_MS, () => settle('stuck'));
    };
    const terminate = () => {
      child.signalGroup('SIGTERM');
      cancel();
      cancel = clock.schedule(GRACE_MS, kill);
    };
    cancel = clock.schedule(timeoutMs, () => {
      timedOut = true;
      terminate();
    });
    this.ended = promise;
    this.gone = gone;
    this.#stop = terminate;
  }

  /** Ends it now: the daemon stops. */
  stop(): void {
    this.#stop();
  }
}

/** The beginning of a stream. */
class Kept {
  readonly #max: number;
  readonly #pieces: Uint8Array[] = [];
  #kept = 0;
  total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8').trim();
  }

  add(bytes: Uint8Array): void {
    this.total += bytes.length;
    const room = this.#max - this.#kept;
    if (room <= 0) return;
    const piece = bytes.slice(0, room);
    this.#pieces.push(piece);
    this.#kept += piece.length;
  }
}

function problemOf(
  exit: ChildExit | 'stuck',
  timeoutMs: number | undefined,
  errors: string,
): string | undefined {
  const said = errors === '' ? '' : `: ${errors.split('\n').slice(-3).join(' / ').slice(-300)}`;
  if (exit === 'stuck') return 'does not end, not even by SIGKILL';
  if (timeoutMs !== undefined) return `took longer than ${timeoutMs} ms and was ended${said}`;
  return exit.code === 0 ? undefined : `${describeExit(exit)}${said}`;
}
