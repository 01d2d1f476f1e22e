import { parseArgs } from 'node:util';
import { fromHex } from '#runtime/core/ids.ts';
import { keepInputs, keptInputs } from './fuzz/kept-corpus.ts';
import type { TargetReport } from './fuzz/messages.ts';
import { planRun, type RunShare } from './fuzz/plan.ts';
import { runPool } from './fuzz/pool.ts';
import { loadTarget, TARGET_NAMES } from './fuzz/targets/registry.ts';

const USAGE = `usage: fuzz [--executions N | --seconds N] [--target NAME,...] [--seed N] [--jobs N] [--unguided] [--keep]
       fuzz --target NAME --input HEX     runs one input and shows what it does
       fuzz --list
  --executions N  so many in all, divided among the targets by what they cost (default: 60 seconds instead)
  --seconds N     so long, each target for as long as every other
  --unguided      without coverage: inputs are chosen blindly
  --keep          adds what reached something new to test/fuzz/corpus
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      executions: { type: 'string' },
      seconds: { type: 'string' },
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      input: { type: 'string' },
      unguided: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  const names = values.target?.split(',') ?? TARGET_NAMES;
  const unknown = names.find((name) => !TARGET_NAMES.includes(name));
  if (unknown !== undefined)
    return usage(`--target: expected some of ${TARGET_NAMES.join(', ')}; got ${unknown}`);
  if (values.list) return list();
  if (values.input !== undefined) return replay(names, values.input);
  const share = shareOf(values);
  const [seed, jobs] = [Number(values.seed), Number(values.jobs)];
  if (share === undefined || !Number.isSafeInteger(seed) || !(Number.isInteger(jobs) && jobs >= 1))
    return usage();
  const targets = await Promise.all(names.map(loadTarget));
  const plans = planRun(targets, {
    ...share,
    seed,
    jobs,
    guided: !values.unguided,
    kept: keptInputs,
    distil: values.keep,
  });
  const startMs = performance.now();
  const reports = await runPool(plans, { jobs, onReport: show });
  if (values.keep)
    for (const { target, corpus } of reports)
      process.stdout.write(`${target}: ${keepInputs(target, corpus)} inputs kept\n`);
  return summary(reports, performance.now() - startMs);
}

function shareOf(values: { executions?: string; seconds?: string }): RunShare | undefined {
  if (values.executions !== undefined) {
    const executions = Number(values.executions);
    return executions >= 1 ? { executions } : undefined;
  }
  const seconds = Number(values.seconds ?? 60);
  return seconds > 0 ? { seconds } : undefined;
}

function show(report: TargetReport): void {
  const { target, executions, tookMs, slowestMs, corpus, outcomes, fault } = report;
  const perSecond = Math.round((1_000 * executions) / Math.max(1, tookMs));
  const counts = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  const shown = counts.slice(0, 8).map(([name, count]) => `${name} ${count}`);
  const more = counts.length > shown.length ? `, ${counts.length - shown.length} more` : '';
  process.stdout.write(
    `${target.padEnd(18)} ${String(executions).padStart(9)} executions, ${perSecond} a second, slowest ${slowestMs.toFixed(1)} ms, ${corpus.length} inputs reached something new; ${shown.join(', ')}${more}\n`,
  );
  if (fault === undefined) return;
  process.stdout.write(
    `FAULT in ${target}, execution ${fault.execution} of seed ${report.seed}: ${fault.text}\n` +
      `  smallest input found (${fault.input.length / 2} bytes; ${fault.foundBytes} when found): ${fault.input}\n` +
      `  again: npm run fuzz -- --target ${target} --input ${fault.input || "''"}\n`,
  );
}

function summary(reports: readonly TargetReport[], tookMs: number): number {
  const executions = reports.reduce((sum, report) => sum + report.executions, 0);
  const faults = reports.filter(({ fault }) => fault !== undefined).length;
  const seconds = tookMs / 1_000;
  process.stdout.write(
    `${executions} executions in ${seconds.toFixed(0)} s (${Math.round(executions / seconds)} a second), ${faults === 0 ? 'no fault' : `${faults} targets with a fault`}\n`,
  );
  return faults === 0 ? 0 : 1;
}

async function replay(names: readonly string[], hex: string): Promise<number> {
  if (names.length !== 1 || !/^([0-9a-f]{2})*$/i.test(hex)) return usage();
  const run = await (await loadTarget(names[0])).prepare();
  process.stdout.write(`${await run(fromHex(hex))}\n`);
  return 0;
}

async function list(): Promise<number> {
  for (const { name, about } of await Promise.all(TARGET_NAMES.map(loadTarget)))
    process.stdout.write(`${name.padEnd(18)} ${about}\n`);
  return 0;
}

function usage(problem?: string): number {
  process.stderr.write(`${problem === undefined ? '' : `${problem}\n`}${USAGE}`);
  return 2;
}

process.exitCode = await main();
