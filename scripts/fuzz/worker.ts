import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import type { FuzzTarget } from './contract.ts';
import { CoverageGuide } from './coverage.ts';
import { type FuzzTask, type TargetReport, Watch } from './messages.ts';

/** Runs one target. It begins to count coverage before anything else is loaded: V8 counts only what it compiles from then on. */
async function main(task: FuzzTask): Promise<void> {
  const guide = task.guided ? new CoverageGuide() : undefined;
  const { FuzzLoop } = await import('./loop.ts');
  const { failsAlike, minimise, signatureOf } = await import('./minimise.ts');
  const { fromHex, toHex } = await import('#runtime/core/ids.ts');
  const { loadTarget } = (await import(task.targets)) as {
    loadTarget: (name: string) => Promise<FuzzTarget>;
  };
  const target = await loadTarget(task.target);
  const watch = new Watch(task.watch);
  const run = await target.prepare();
  if (task.only !== undefined) {
    const input = fromHex(task.only);
    watch.begin(input);
    await run(input);
    parentPort?.postMessage('done');
    return;
  }
  const kept = task.kept.map(fromHex);
  const loop = new FuzzLoop({
    target,
    run,
    seed: task.seed,
    kept,
    before: (input) => watch.begin(input),
    ...(guide === undefined ? {} : { guide }),
  });
  const startMs = performance.now();
  let isWell = await loop.begin();
  while (isWell && loop.executions < task.executions && performance.now() - startMs < task.durationMs)
    isWell = await loop.batch(task.executions - loop.executions);
  const tookMs = performance.now() - startMs;
  const { failure } = loop;
  const watched = (input: Uint8Array) => {
    watch.begin(input);
    return run(input);
  };
  const smallest = async (input: Uint8Array, error: unknown) =>
    toHex(await minimise(input, failsAlike(watched, signatureOf(error))));
  const report: TargetReport = {
    target: target.name,
    seed: task.seed,
    executions: loop.executions,
    tookMs,
    slowestMs: loop.slowestMs,
    outcomes: loop.outcomes,
    corpus: (task.distil && failure === undefined ? await loop.distilled() : loop.corpus.inputs).map(toHex),
    fault:
      failure === undefined
        ? undefined
        : {
            text: textOfError(failure.error),
            signature: signatureOf(failure.error),
            input: await smallest(failure.input, failure.error),
            foundBytes: failure.input.length,
            execution: failure.execution,
          },
  };
  guide?.stop();
  parentPort?.postMessage(report);
}

function textOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${textOfError(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

await main(workerData as FuzzTask);
