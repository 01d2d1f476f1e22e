/**
 * The study of what settings trade: `npm run experiments`, or with `-- --quick` for a look. Finished cells are kept in
 * `build/experiments/cells.jsonl` and not run again as long as the measured code stays the same. Told in scripts/README.md.
 */
import { pathToFileURL } from 'node:url';
import { runTasks } from '#device/simulation/worker-pool.ts';
import { formatDuration } from '#runtime/core/durations.ts';
import { readFlags, type StudyFlags, USAGE } from './experiments/flags.ts';
import type { CellResult, CellTask } from './experiments/measure.ts';
import { writePages } from './experiments/pages.ts';
import { planSetups } from './experiments/plan.ts';
import { setupKey } from './experiments/setup.ts';
import { CellStore, codeHash, studyPath } from './experiments/store.ts';
import { projectPath } from './release/project.ts';

const WORKER = { code: pathToFileURL(projectPath('scripts', 'experiments', 'worker.ts')), isText: false };
const TASKS_PER_WORKER_MAX = 20;
/** The longest cell that is worth waiting for. */
const TASK_MS_MAX = 1_800_000;
const LARGE_NODES = 100;

/** All runs of the study: first one of each setup, so that there is something of everything early. */
function tasksOf({ sizes, quick, seeds }: StudyFlags): CellTask[] {
  const setups = planSetups({ sizes, quick });
  const rounds = Math.max(seeds.small, seeds.large);
  return Array.from({ length: rounds }, (_, round) =>
    setups
      .filter(({ nodes }) => round < (nodes > LARGE_NODES ? seeds.large : seeds.small))
      .map((setup) => ({ setup, seed: round + 1, quick })),
  ).flat();
}

/** Runs what is missing. @returns how many cells there are not. */
async function runStudy(flags: StudyFlags, store: CellStore): Promise<number> {
  const tasks = tasksOf(flags);
  const missing = tasks.filter((task) => !store.has(task));
  say(`${tasks.length} runs, ${tasks.length - missing.length} of them are there; ${flags.jobs} at a time`);
  const startMs = performance.now();
  const endMs = startMs + flags.minutes * 60_000;
  const begun = new Map<CellTask, number>();
  function* queue(): Generator<CellTask> {
    for (const task of missing) {
      if (performance.now() >= endMs) return;
      begun.set(task, performance.now());
      yield task;
    }
  }
  let done = 0;
  const options = {
    program: WORKER,
    workers: flags.jobs,
    tasksPerWorkerMax: TASKS_PER_WORKER_MAX,
    taskMsMax: TASK_MS_MAX,
  };
  await runTasks<CellTask, CellResult>(queue(), options, (task, outcome) => {
    const wallMs = Math.round(performance.now() - (begun.get(task) ?? startMs));
    const name = `${setupKey(task.setup)}, seed ${task.seed}`;
    if (!outcome.ok) return say(`failed: ${name}: ${outcome.error.stack ?? outcome.error.message}`);
    done++;
    store.add(task, wallMs, outcome.result);
    const note =
      outcome.result.violations > 0 ? `; ${outcome.result.violations} violations of invariants` : '';
    say(
      `${done}/${missing.length} ${name}: ${formatDuration(wallMs)}${note}, ${formatDuration(performance.now() - startMs)} in all`,
    );
  });
  return missing.length - done;
}

async function main(): Promise<number> {
  let flags: StudyFlags;
  try {
    flags = readFlags(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`experiments: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const code = codeHash();
  const store = new CellStore(studyPath('cells.jsonl'), code);
  if (flags.fresh) store.clear();
  const missing = flags.pagesOnly ? 0 : await runStudy(flags, store);
  for (const path of writePages({ flags, store, code, missing })) say(`written: ${path}`);
  if (missing > 0) say(`${missing} runs are missing; the same command goes on where this one ended`);
  return missing > 0 ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`experiments: ${line}\n`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `experiments: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  },
);
