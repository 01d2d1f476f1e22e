import type { ClockPort } from '#bridge/ports/clock-port.ts';
import type { ProcessPort } from '#bridge/ports/process-port.ts';
import { childEnvironment } from '#bridge/sources/child.ts';
import type { HandlerConfig } from './config.ts';
import { HandlerQueue, WAITING_MAX } from './handler-queue.ts';
import { type ScriptResult, ScriptRun } from './script-run.ts';
import type { Slots } from './slots.ts';
import type { HandlerTask } from './task.ts';
import { parseTrigger, type Trigger } from './trigger.ts';

/** What a handler did since the start. */
export interface HandlerCounters {
  runs: number;
  failed: number;
  timedOut: number;
  /** Not run: too many waited, nobody waited for the answer any more, or the daemon stopped. */
  dropped: number;
}

export interface HandlerParts {
  readonly processes: ProcessPort;
  readonly clock: ClockPort;
  /** Scripts that may run at the same time, of all handlers. */
  readonly slots: Slots;
  /** Variables that every script gets. */
  readonly variables: () => Readonly<Record<string, string>>;
  readonly onChange: (handler: Handler) => void;
}

/** One entry of `handlers:`: runs its script for one event after the other, so that a script sees a sender's events in order. */
export class Handler {
  readonly config: HandlerConfig;
  readonly triggers: readonly Trigger[];
  readonly counters: HandlerCounters = { runs: 0, failed: 0, timedOut: 0, dropped: 0 };
  /** How the last run failed; undefined: it didn't. */
  problem: string | undefined;
  /** Whether tasks were dropped since it last had nothing to do. */
  isBehind = false;
  readonly #parts: HandlerParts;
  readonly #queue: HandlerQueue<ScriptResult>;
  #running: ScriptRun | undefined;
  #isBusy = false;
  #isStopped = false;
  /** Ends the wait for more of the same; undefined: it doesn't wait. */
  #endWait: (() => void) | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(config: HandlerConfig, parts: HandlerParts) {
    this.config = config;
    this.triggers = config.on.flatMap((on) => parseTrigger(on) ?? []);
    this.#parts = parts;
    this.#queue = new HandlerQueue({ coalesces: config.coalesce !== undefined });
  }

  /** How people know it. */
  get name(): string {
    return this.config.command[0] ?? '';
  }

  /** Runs the script for a task when its turn comes; `dropped`: too many wait. */
  run(task: HandlerTask): Promise<ScriptResult | 'dropped'> {
    return new Promise((resolve) => {
      if (this.#isStopped) {
        resolve('dropped');
        return;
      }
      const untilMs = this.#parts.clock.nowMs() + (task.leftMs ?? Number.POSITIVE_INFINITY);
      if (!this.#queue.add({ task, untilMs, done: resolve })) this.#drop();
      else if (!this.#isBusy) this.#begin(task);
      else if (task.kind === 'query') this.#endWait?.();
    });
  }

  /** Resolves when nothing waits and nothing runs. What waits for more of the same doesn't any longer. */
  idle(): Promise<void> {
    this.#endWait?.();
    return this.#isBusy ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  /** Nothing is begun any more; what runs is ended. @returns how many tasks weren't done. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    const cut = this.#queue.length;
    this.counters.dropped += cut;
    this.#queue.clear();
    this.#endWait?.();
    const running = this.#running;
    running?.stop();
    await running?.ended;
    return cut + (running === undefined ? 0 : 1);
  }

  #begin(first: HandlerTask): void {
    this.#isBusy = true;
    const { coalesce } = this.config;
    // Queries have somebody who waits.
    if (coalesce === undefined || first.kind === 'query') {
      void this.#work();
      return;
    }
    const work = () => {
      this.#endWait = undefined;
      void this.#work();
    };
    const cancel = this.#parts.clock.schedule(coalesce, work);
    this.#endWait = () => {
      cancel();
      work();
    };
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      const release = await this.#parts.slots.take();
      const leftMs = next.untilMs - this.#parts.clock.nowMs();
      if (!this.#isStopped && leftMs > 0) next.done(await this.#runOne(next.task, leftMs, release));
      else {
        release();
        next.done('dropped');
        this.#drop();
      }
    }
    this.#isBusy = false;
    for (const idle of this.#whenIdle.splice(0)) idle();
    if (!this.isBehind) return;
    this.isBehind = false;
    this.#parts.onChange(this);
  }

  /** @param release gives the slot back, once the process is gone: one that can't be ended keeps it. */
  async #runOne(task: HandlerTask, leftMs: number, release: () => void): Promise<ScriptResult> {
    const { command, cwd, env, passEnv, timeout } = this.config;
    const [program = '', ...args] = command;
    const { processes, clock, variables } = this.#parts;
    const set = { ...variables(), ...task.variables, ...env };
    this.#running = new ScriptRun({
      processes,
      clock,
      timeoutMs: Math.min(timeout, leftMs),
      command: {
        program,
        args,
        env: childEnvironment(processes.environment, { pass: passEnv, set }),
        input: Buffer.from(task.input, 'utf8'),
        ...(cwd === undefined ? {} : { cwd }),
      },
    });
    void this.#running.gone.then(release);
    const result = await this.#running.ended;
    this.#running = undefined;
    this.counters.runs++;
    if (result.problem !== undefined) this.counters.failed++;
    if (result.timedOut) this.counters.timedOut++;
    if (!this.#isStopped) {
      this.problem = result.problem;
      this.#parts.onChange(this);
    }
    return result;
  }

  #drop(): void {
    this.counters.dropped++;
    this.isBehind = true;
    this.#parts.onChange(this);
  }
}

/** What people are told of a handler that can't keep up. */
export function behindText(handler: Handler): string {
  return `${handler.counters.dropped} events were not handled by ${handler.name}: it is still busy, and ${WAITING_MAX} wait. Make it faster, let it coalesce, or send fewer.`;
}
