import { parseArgs } from 'node:util';
import { fuzzWire } from './fuzz/wire-fuzzer.ts';

const USAGE = 'usage: fuzz [--seconds N] [--executions N] [--seed N]\n';
const SLICE_MS = 10_000;

/** A long fuzzing run over everything that reads bytes from outside; each slice of it has a seed of its own. */
function main(): number {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, executions: { type: 'string' }, seed: { type: 'string' } },
  });
  const [seconds, executions, firstSeed] = [
    Number(values.seconds ?? (values.executions === undefined ? 60 : Number.MAX_SAFE_INTEGER)),
    Number(values.executions ?? Number.POSITIVE_INFINITY),
    Number(values.seed ?? 1),
  ];
  if (!(seconds > 0 && executions > 0 && Number.isSafeInteger(firstSeed))) {
    process.stderr.write(USAGE);
    return 2;
  }
  const endMs = Date.now() + 1_000 * seconds;
  let done = 0;
  for (let seed = firstSeed; done < executions && Date.now() < endMs; seed++) {
    const durationMs = Math.min(SLICE_MS, endMs - Date.now());
    const report = fuzzWire({ seed, durationMs, executions: executions - done });
    done += report.executions;
    const slowest = report.slowestMs.toFixed(1);
    process.stdout.write(`seed ${seed}: ${report.executions} executions, slowest ${slowest} ms, `);
    process.stdout.write(`${JSON.stringify(report.outcomes)}\n`);
  }
  process.stdout.write(`${done} executions, no fault\n`);
  return 0;
}

process.exitCode = main();
