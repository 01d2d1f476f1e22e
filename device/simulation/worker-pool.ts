import { totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { formatDuration } from '#runtime/core/durations.ts';
import type { AnswerMessage, TaskMessage } from './worker-port.ts';
import type { WorkerProgram } from './worker-program.ts';

/** What came of one task. */
export type Outcome<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: Error };

export interface PoolOptions {
  /** What each worker runs: it must call `serveTasks`. */
  readonly program: WorkerProgram;
  /** How many work at the same time, from 1. */
  readonly workers: number;
  /** A worker is replaced by a fresh one after so many tasks, which bounds what its heap may gather. Default: never. */
  readonly tasksPerWorkerMax?: number;
  /** A task that takes longer is given up, and its worker ended: a run may hang. Default: none is. */
  readonly taskMsMax?: number;
  /** Ends all workers at once, in the middle of their tasks. */
  readonly signal?: AbortSignal;
}

/**
 * Does tasks on worker threads. Tasks are taken from the iterable as workers become free, so it may be endless; outcomes come in
 * the order in which they are done. A task whose work throws, or whose worker dies (out of memory, an uncaught error, an exit),
 * has a failed outcome, and the other tasks go on.
 *
 * @param onOutcome what it throws ends the pool, and is thrown here.
 * @throws the reason of the signal, once that is aborted. No worker is left in any case.
 */
export async function runTasks<Task, Result>(
  tasks: Iterable<Task>,
  options: PoolOptions,
  onOutcome: (task: Task, outcome: Outcome<Result>) => void,
): Promise<void> {
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
  const iterator = tasks[Symbol.iterator]();
  const lanes = Array.from({ length: Math.max(1, options.workers) }, () =>
    runLane(iterator, { ...options, signal }, onOutcome).catch((error: unknown) => {
      abort.abort(error);
      throw error;
    }),
  );
  const ends = await Promise.allSettled(lanes);
  signal.throwIfAborted();
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** One worker after the other, and the tasks that fall to it. */
async function runLane<Task, Result>(
  tasks: Iterator<Task>,
  options: PoolOptions & { readonly signal: AbortSignal },
  onOutcome: (task: Task, outcome: Outcome<Result>) => void,
): Promise<void> {
  const { program, signal, taskMsMax, tasksPerWorkerMax = Number.POSITIVE_INFINITY } = options;
  let thread: TaskThread | undefined;
  let done = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = tasks.next();
      if (next.done === true) return;
      thread ??= new TaskThread(program);
      const outcome = await thread.run<Task, Result>(next.value, { signal, taskMsMax });
      signal.throwIfAborted();
      onOutcome(next.value, outcome);
      done++;
      if (thread.isDead || done >= tasksPerWorkerMax) {
        await thread.end();
        thread = undefined;
        done = 0;
      }
    }
  } finally {
    await thread?.end();
  }
}

/**
 * A simulation makes much garbage that dies young. The single binary keeps the young generation tiny, which suits a daemon and
 * doubles the time of a simulation; V8 reads the flags again for each thread that starts. A thousand nodes bring forth tens of
 * megabytes between two collections: what survives only because the space was small is copied twice, and lies among the old.
 */
const YOUNG_GENERATION_FLAGS = ['--max-semi-space-size=64', '--semi-space-growth-factor=4'];

/** V8's own limit is 4 GB; a thousand nodes that hold each other for down need more. What the machine hasn't got, it swaps or refuses. */
const HEAP_MB_MAX = Math.max(1_024, Math.floor((0.8 * totalmem()) / 1_048_576));

/** One worker thread, which does one task at a time. */
class TaskThread {
  readonly #worker: Worker;
  #death: Error | undefined;
  #settle: ((answer: Outcome<unknown>) => void) | undefined;

  constructor({ code, isText }: WorkerProgram) {
    for (const flag of YOUNG_GENERATION_FLAGS) setFlagsFromString(flag);
    this.#worker = new Worker(code, {
      eval: isText,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    this.#worker.on('message', (message: AnswerMessage<unknown>) => this.#finish(outcomeOf(message)));
    this.#worker.on('messageerror', (error: Error) => this.#die(error));
    this.#worker.on('error', (error: unknown) =>
      this.#die(error instanceof Error ? error : new Error(String(error))),
    );
    this.#worker.on('exit', (code) =>
      this.#die(new Error(`the worker thread ended before its task, with code ${code}`)),
    );
  }

  get isDead(): boolean {
    return this.#death !== undefined;
  }

  run<Task, Result>(
    task: Task,
    { signal, taskMsMax }: { readonly signal: AbortSignal; readonly taskMsMax: number | undefined },
  ): Promise<Outcome<Result>> {
    return new Promise((resolve) => {
      const stop = () => this.#die(new Error('aborted'));
      const giveUp = () => this.#die(new Error(`no answer within ${formatDuration(taskMsMax ?? 0)}`));
      const timer = taskMsMax === undefined ? undefined : setTimeout(giveUp, taskMsMax);
      this.#settle = (outcome) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        resolve(outcome as Outcome<Result>);
      };
      if (this.#death !== undefined) return this.#finish({ ok: false, error: this.#death });
      signal.addEventListener('abort', stop, { once: true });
      this.#worker.postMessage({ task } satisfies TaskMessage<Task>);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(error: Error): void {
    this.#death ??= error;
    this.#finish({ ok: false, error: this.#death });
  }

  #finish(outcome: Outcome<unknown>): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

function outcomeOf(message: AnswerMessage<unknown>): Outcome<unknown> {
  if (message.ok) return message;
  const error = new Error(message.message);
  error.stack = message.stack;
  return { ok: false, error };
}
