import type { SimulationResult } from '#runtime/simulator/simulate.ts';
import { playSeed, type SeedTask } from './seed-task.ts';
import { type Outcome, runTasks } from './worker-pool.ts';
import type { WorkerProgram } from './worker-program.ts';

/** From here on starting a thread takes less than it saves. */
const LARGE_NODES = 300;

export interface PlayOptions {
  /** Threads at the same time, from 1. */
  readonly jobs: number;
  /** undefined: all runs are played in this thread, one after the other. */
  readonly program: WorkerProgram | undefined;
  readonly signal?: AbortSignal;
}

/** A run that didn't come to its end: the engine threw, or its thread died. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
  readonly task: SeedTask;

  constructor(task: SeedTask, cause: Error) {
    super(cause.message, { cause });
    this.task = task;
  }
}

/**
 * Plays runs on as many threads as asked.
 * @returns results in the order of the tasks, whichever was done first; the same as one after the other.
 * @throws SeedError for the first run that fails; the others are ended then.
 */
export async function playSeeds(
  tasks: readonly SeedTask[],
  options: PlayOptions,
): Promise<SimulationResult[]> {
  const results = new Map<SeedTask, SimulationResult>();
  const keep = (task: SeedTask, outcome: Outcome<SimulationResult>) => {
    if (!outcome.ok) throw new SeedError(task, outcome.error);
    results.set(task, outcome.result);
  };
  const { program, jobs, signal } = options;
  const workers = Math.min(jobs, tasks.length);
  // A thread of its own is faster even for one run, where that is long or in the single binary: see the pool's flags.
  const isLarge = tasks.some(({ options }) => options.nodes > LARGE_NODES);
  if (program !== undefined && (workers > 1 || program.isText || isLarge))
    await runTasks(tasks, { program, workers, signal }, keep);
  else for (const task of tasks) keep(task, attempt(task));
  return tasks.map((task) => results.get(task) as SimulationResult);
}

function attempt(task: SeedTask): Outcome<SimulationResult> {
  try {
    return { ok: true, result: playSeed(task) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
