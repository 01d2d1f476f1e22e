import { Worker } from 'node:worker_threads';
import { toHex } from '#runtime/core/ids.ts';
import { type FaultReport, type FuzzTask, type TargetReport, Watch } from './messages.ts';
import { minimise } from './minimise.ts';

export type TargetPlan = Omit<FuzzTask, 'watch' | 'only'>;

export interface PoolOptions {
  readonly jobs: number;
  /** An execution that takes longer is a hang. Generous: the machine may be busy. */
  readonly hangMs?: number;
  /** JavaScript's own memory, in MB; beyond it the thread ends, and its input is the fault. */
  readonly heapMb?: number;
  readonly onReport: (report: TargetReport) => void;
}

const HANG_MS = 10_000;
const LOOK_MS = 500;
/** One execution of a hanging input that is being made smaller. */
const PROBE_MS = 2_000;
const HANG_TRIES = 40;
const HEAP_MB = 512;

/** Runs targets on so many threads, each target on a new one: what one leaves behind another can't see. */
export async function runPool(plans: readonly TargetPlan[], options: PoolOptions): Promise<TargetReport[]> {
  const waiting = [...plans];
  const reports: TargetReport[] = [];
  const work = async () => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const report = await runTarget(plan, {
        hangMs: options.hangMs ?? HANG_MS,
        heapMb: options.heapMb ?? HEAP_MB,
      });
      reports.push(report);
      options.onReport(report);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, work));
  return reports;
}

interface Limits {
  readonly hangMs: number;
  readonly heapMb: number;
}

async function runTarget(plan: TargetPlan, limits: Limits): Promise<TargetReport> {
  const startMs = performance.now();
  const { ending, count, input } = await attend({ ...plan, watch: Watch.buffer() }, limits);
  if (typeof ending === 'object') return ending;
  const isHang = ending === 'hang';
  const stillHangs = async (candidate: Uint8Array) =>
    (
      await attend(
        { ...plan, only: toHex(candidate), watch: Watch.buffer() },
        { ...limits, hangMs: PROBE_MS },
      )
    ).ending === 'hang';
  const smallest = isHang ? await minimise(input, stillHangs, HANG_TRIES) : input;
  const text = isHang ? `hangs: no end after ${limits.hangMs} ms` : ending;
  const fault: FaultReport = {
    text,
    signature: isHang ? 'hang' : ending,
    input: toHex(smallest),
    foundBytes: input.length,
    execution: count,
  };
  const tookMs = performance.now() - startMs;
  const { target, seed } = plan;
  return { target, seed, executions: count, tookMs, slowestMs: 0, outcomes: {}, corpus: [], fault };
}

interface Attended {
  /** A report, `hang`, `done`, or what the worker died of. */
  readonly ending: TargetReport | string;
  readonly count: number;
  readonly input: Uint8Array;
}

/** Runs one task on a thread of its own and watches it. */
function attend(task: FuzzTask, { hangMs, heapMb }: Limits): Promise<Attended> {
  const watch = new Watch(task.watch);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  return new Promise((resolve) => {
    let lastCount = 0;
    let sinceMs = performance.now();
    const end = (ending: TargetReport | string) => {
      clearInterval(timer);
      const attended = { ending, count: watch.count, input: watch.input };
      void worker.terminate().then(() => resolve(attended));
    };
    const timer = setInterval(
      () => {
        const { count } = watch;
        if (count !== lastCount || count === 0) {
          lastCount = count;
          sinceMs = performance.now();
        } else if (performance.now() - sinceMs > hangMs) end('hang');
      },
      Math.min(LOOK_MS, hangMs / 4),
    );
    worker.on('message', (message: TargetReport | 'done') => end(message));
    worker.on('error', (error) => end(`the thread died: ${String(error)}`));
  });
}
