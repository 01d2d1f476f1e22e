import { type ChildProcess, spawn } from 'node:child_process';
import type { BootClock } from '#runtime/driver/clock.ts';
import { type ApiClient, RefusedError } from './api-client.ts';
import { CliError, EXIT } from './io.ts';

/** The reply of the routes that get and renew a lease. */
export interface HeldLeaseJson {
  readonly name: string;
  readonly fence: number;
  readonly leftMs: number;
  readonly token: string;
}

export interface LeaseRunOptions {
  readonly client: ApiClient;
  /** Runs on while the machine sleeps. */
  readonly clock: Pick<BootClock, 'exactMs'>;
  readonly name: string;
  readonly ttlMs: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Between SIGTERM and SIGKILL, at most; of a short lease this part of its time. */
const GRACE_MS_MAX = 5_000;
const GRACE_SHARE = 0.3;
const RENEW_SHARE = 1 / 6;
const LOOK_SHARE = 1 / 40;
const LOOK_MS_MAX = 250;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const SHELL_SIGNAL_BASE = 128;
const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Runs a command as long as a lease is held. Its end is counted by this process's own clock from before each question to the daemon: if
 * daemon, network or this process itself stand still, the command gets SIGTERM while there is time left, and SIGKILL before the voters
 * may promise the lease to another.
 */
export class LeaseRun {
  readonly #options: LeaseRunOptions;
  #untilMs = 0;
  #renewedMs = 0;
  #lostBecause: string | undefined;
  #isAsking = false;

  constructor(options: LeaseRunOptions) {
    this.#options = options;
  }

  /**
   * @param held what the daemon answered when it got the lease.
   * @returns the command's exit code, or 128 and the number of the signal that ended it. @throws CliError where the lease was lost, or
   * the command can't be started.
   */
  async run(held: HeldLeaseJson): Promise<number> {
    const { client, name, clock } = this.#options;
    try {
      // What the first reply says is as old as it waited; this one is fresh.
      await this.#renew(held.token);
      if (this.#lostBecause !== undefined || clock.exactMs() >= this.#untilMs)
        throw new CliError(
          `lease ${name}: lost before the command was started: ${this.#lostBecause ?? 'its time is over'}`,
        );
      const code = await this.#supervise(this.#spawn(held.fence), held.token);
      if (this.#lostBecause !== undefined)
        throw new CliError(`lease ${name}: lost, so the command was ended: ${this.#lostBecause}`);
      return code;
    } finally {
      // Nobody acts on it any more; a lease that is lost already is well.
      await client.call('DELETE', `/v1/leases/${encodeURIComponent(name)}`).catch(() => undefined);
    }
  }

  #spawn(fence: number): ChildProcess {
    const { command, env, name } = this.#options;
    const [file = '', ...args] = command;
    return spawn(file, args, {
      stdio: 'inherit',
      env: { ...env, GRIDVINE_LEASE: name, GRIDVINE_FENCE: String(fence) },
      // A group of its own, so that what it started ends with it; on a terminal it has to stay in the foreground.
      detached: process.stdin.isTTY !== true,
    });
  }

  #supervise(child: ChildProcess, token: string): Promise<number> {
    const { ttlMs, clock } = this.#options;
    const graceMs = Math.min(GRACE_MS_MAX, ttlMs * GRACE_SHARE);
    let isTold = false;
    const look = () => {
      const leftMs = this.#untilMs - clock.exactMs();
      if (leftMs <= 0) {
        this.#lostBecause ??= 'nobody renewed it in time; see gridvine lease list';
        kill(child, 'SIGKILL');
      } else if (!isTold && (leftMs <= graceMs || this.#lostBecause !== undefined)) {
        isTold = true;
        this.#lostBecause ??= 'nobody renewed it in time; see gridvine lease list';
        kill(child, 'SIGTERM');
      }
      if (!this.#isAsking && clock.exactMs() - this.#renewedMs >= ttlMs * RENEW_SHARE)
        void this.#renew(token);
    };
    const timer = setInterval(look, Math.min(LOOK_MS_MAX, ttlMs * LOOK_SHARE));
    const forward = SIGNALS.map((signal) => [signal, () => kill(child, signal)] as const);
    for (const [signal, listener] of forward) process.on(signal, listener);
    return new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          new CliError(
            `${this.#options.command[0]}: can't be started (${error.code ?? error.message}); give a program and its arguments behind --`,
            EXIT.usage,
          ),
        ),
      );
      child.on('exit', (code, signal) => resolve(code ?? SHELL_SIGNAL_BASE + (NUMBERS[signal ?? ''] ?? 0)));
    }).finally(() => {
      clearInterval(timer);
      for (const [signal, listener] of forward) process.off(signal, listener);
    });
  }

  /** A daemon that doesn't answer may do so the next time; one that says no has lost it. */
  async #renew(token: string): Promise<void> {
    const { client, name, clock } = this.#options;
    this.#isAsking = true;
    const sentMs = clock.exactMs();
    try {
      const path = `/v1/leases/${encodeURIComponent(name)}/renew`;
      const { leftMs } = await client.call<HeldLeaseJson>('POST', path, { token });
      this.#renewedMs = sentMs;
      this.#untilMs = Math.max(this.#untilMs, sentMs + leftMs);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (error instanceof RefusedError) this.#lostBecause ??= error.message;
    } finally {
      this.#isAsking = false;
    }
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.stdin.isTTY === true) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It ended meanwhile.
  }
}
