/**
 * Plays randomly drawn runs on all cores and checks the invariants of each: `npm run soak -- --minutes 10`. A run that fails is
 * told at once with the command that plays it again, and kept in `build/soak/failures.jsonl`. Told in scripts/README.md.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { runTasks } from '#device/simulation/worker-pool.ts';
import { formatDuration } from '#runtime/core/durations.ts';
import { projectPath } from './release/project.ts';
import { type DrawnRun, drawRun } from './soak/draw.ts';
import { drawsOf, readFlags, type SoakFlags, USAGE } from './soak/flags.ts';
import { type Failure, failureOf, type Verdict } from './soak/judge.ts';

const FAILURES = projectPath('build', 'soak', 'failures.jsonl');
const WORKER = { code: pathToFileURL(projectPath('scripts', 'soak', 'worker.ts')), isText: false };
const TASKS_PER_WORKER_MAX = 50;
/** A run of a hundred nodes takes seconds: one that takes so long hangs. */
const TASK_MS_MAX = 600_000;
const PROGRESS_MS_TERMINAL = 1_000;
const PROGRESS_MS_LOG = 30_000;

class Soak {
  readonly #flags: SoakFlags;
  readonly #startMs = performance.now();
  readonly #abort = new AbortController();
  #runs = 0;
  #failures = 0;
  #virtualMs = 0;
  #deliveries = 0;

  constructor(flags: SoakFlags) {
    this.#flags = flags;
  }

  /** @returns the exit code: 0, 1 where a run failed, 130 where it was ended by Ctrl-C before any did. */
  async run(): Promise<number> {
    const { fixed, first, nodesMax, jobs } = this.#flags;
    say(
      `soak: ${fixed > 0 ? `draws 1 to ${fixed}, then ` : ''}draws from ${first} on (--first ${first}), up to ${nodesMax} nodes, ${jobs} at a time`,
    );
    const stop = () => this.#abort.abort();
    process.once('SIGINT', stop);
    const terminal = process.stdout.isTTY;
    const progress = setInterval(
      () => this.#tell(terminal),
      terminal ? PROGRESS_MS_TERMINAL : PROGRESS_MS_LOG,
    );
    try {
      await runTasks<DrawnRun, Verdict>(
        this.#draws(),
        {
          program: WORKER,
          workers: jobs,
          tasksPerWorkerMax: TASKS_PER_WORKER_MAX,
          taskMsMax: TASK_MS_MAX,
          signal: this.#abort.signal,
        },
        (run, outcome) => {
          this.#runs++;
          if (outcome.ok) {
            this.#virtualMs += outcome.result.virtualMs;
            this.#deliveries += outcome.result.deliveries;
          }
          const failure = failureOf(run, outcome);
          if (failure !== undefined) this.#keep(failure);
        },
      );
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      clearInterval(progress);
      process.removeListener('SIGINT', stop);
    }
    this.#tell(false);
    if (this.#failures > 0) say(`soak: failures are kept in ${FAILURES}`);
    if (this.#failures > 0) return 1;
    return this.#abort.signal.aborted ? 130 : 0;
  }

  *#draws(): Generator<DrawnRun> {
    const { minutes, nodesMax, scenario } = this.#flags;
    for (const draw of drawsOf(this.#flags)) {
      if (performance.now() - this.#startMs >= minutes * 60_000) return;
      yield drawRun(draw, { nodesMax, scenario });
    }
  }

  #keep(failure: Failure): void {
    this.#failures++;
    say(`soak: draw ${failure.draw} failed`);
    for (const line of failure.what) say(`  ${line}`);
    say(`  replay: ${failure.replay}`);
    mkdirSync(projectPath('build', 'soak'), { recursive: true });
    appendFileSync(FAILURES, `${JSON.stringify(failure)}\n`);
  }

  #tell(inPlace: boolean): void {
    const elapsedMs = performance.now() - this.#startMs;
    const line = `soak: ${this.#runs} runs, ${this.#failures} failed, ${formatDuration(this.#virtualMs)} of virtual time, ${this.#deliveries} datagrams, after ${formatDuration(elapsedMs)}`;
    if (inPlace) process.stdout.write(`\r${line}\u001b[K`);
    else say(line);
  }
}

function say(line: string): void {
  process.stdout.write(`${process.stdout.isTTY ? '\r\u001b[K' : ''}${line}\n`);
}

async function main(): Promise<number> {
  let flags: SoakFlags;
  try {
    flags = readFlags(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`soak: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  return new Soak(flags).run();
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
