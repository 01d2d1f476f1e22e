/**
 * gridvine beside HashiCorp's memberlist on real loopback sockets, in one run, alternating, and with `--compare` beside what the
 * simulator says: `node scripts/bench/sockets.ts [--nodes 10,50,100] [--rounds 3] [--compare] [--json]`.
 * All options, what it needs and how to read it: `peers/README.md`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComparedRow, comparedRows } from './peers/explain.ts';
import { checkOpenFiles, type HostFacts, hostFacts } from './peers/host.ts';
import { planOf, readOptions, type SocketsOptions, UsageError } from './peers/options.ts';
import { type Predicted, predict, predictionPlans } from './peers/prediction.ts';
import { type Round, type RoundPlan, roundLimitMs } from './peers/round.ts';
import { gridvineSide, memberlistSide, type Side, type SideName } from './peers/sides.ts';
import { type Row, summarize } from './peers/summary.ts';
import { loadTable, peersTable, simulatorTable } from './peers/tables.ts';

/** Of each kind and seed. */
const PREDICTED_CRASHES = 3;

type Sides = Readonly<Partial<Record<SideName, Side>>>;

interface SizeResult {
  readonly nodes: number;
  /** Of the first round. */
  readonly plans: Readonly<Partial<Record<SideName, RoundPlan>>>;
  readonly rounds: Readonly<Record<SideName, Round[]>>;
  /** The machine's load average over a minute, before each pair of rounds and after the last. */
  readonly loadAverage: readonly number[];
  readonly rows: readonly Row[];
  /** With `--compare`. */
  readonly simulated?: { readonly figures: Predicted; readonly rows: readonly ComparedRow[] };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const host = hostFacts();
  checkFiles(options, host);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`interrupted by ${signal}`)));
  const directory = await mkdtemp(join(tmpdir(), 'gridvine-sockets-'));
  try {
    const sideOptions = { directory, signal: stop.signal, processes: options.processes };
    const sides: Sides = {
      ...(options.sides.includes('gridvine') ? { gridvine: gridvineSide(sideOptions) } : {}),
      ...(options.sides.includes('memberlist') ? { memberlist: await memberlistSide(sideOptions) } : {}),
    };
    process.stderr.write(`ends in ${longestMinutes(options)} minutes at the latest, mostly far sooner\n`);
    if (!options.json) process.stdout.write(`${headOf(options, host)}\n\n`);
    const sizes: SizeResult[] = [];
    for (const nodes of options.sizes) {
      const result = await measureSize(nodes, { options, sides, signal: stop.signal });
      sizes.push(result);
      if (!options.json) process.stdout.write(`${textOf(result)}\n\n`);
    }
    if (options.json) {
      const document = { schema: 'gridvine.bench-sockets/2', host, options, sizes };
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureSize(
  nodes: number,
  {
    options,
    sides,
    signal,
  }: { readonly options: SocketsOptions; readonly sides: Sides; readonly signal: AbortSignal },
): Promise<SizeResult> {
  const rounds: Record<SideName, Round[]> = { gridvine: [], memberlist: [] };
  const loadAverage: number[] = [];
  for (let i = 0; i < options.rounds; i++) {
    loadAverage.push(loadavg()[0]);
    // Who goes first changes, so that a neighbour's rhythm favours neither.
    for (const side of i % 2 === 0 ? options.sides : options.sides.toReversed()) {
      progress(`${nodes} nodes, round ${i + 1} of ${options.rounds}: ${side}`);
      const round = await sides[side]?.(planOf(options, { nodes, side, first: i === 0 }));
      if (round !== undefined) rounds[side].push(round);
    }
  }
  loadAverage.push(loadavg()[0]);
  const planned = options.sides.map((side) => [side, planOf(options, { nodes, side, first: true })] as const);
  const result = {
    nodes,
    plans: Object.fromEntries(planned),
    rounds,
    loadAverage,
    rows: summarize(rounds.gridvine, rounds.memberlist),
  };
  if (!options.compare || rounds.gridvine.length === 0) return result;
  progress(`${nodes} nodes: simulator, ${options.seeds} seeds`);
  const { linkDelayMs, updates, crashes } = options;
  const { idleS } = planOf(options, { nodes, side: 'gridvine', first: true });
  // A crash on sockets takes time; in the simulator a few more cost nothing and show the range.
  const size = {
    nodes,
    linkDelayMs,
    updates,
    crashes: crashes === 0 ? 0 : Math.max(crashes, PREDICTED_CRASHES),
    idleS,
  };
  const plans = predictionPlans(size, options.seeds);
  const figures = await predict(plans, { parallel: options.processes, signal });
  return { ...result, simulated: { figures, rows: comparedRows(rounds.gridvine, figures, { nodes }) } };
}

function checkFiles({ sizes, sides, processes }: SocketsOptions, { openFilesMax }: HostFacts): void {
  const most = Math.max(...sizes);
  checkOpenFiles(sides.includes('memberlist') ? most : Math.ceil(most / processes), openFilesMax);
}

function longestMinutes(options: SocketsOptions): number {
  let limitMs = 0;
  for (const nodes of options.sizes)
    for (const side of options.sides)
      for (let i = 0; i < options.rounds; i++)
        limitMs += roundLimitMs(planOf(options, { nodes, side, first: i === 0 }));
  return Math.ceil(limitMs / 60_000);
}

function headOf({ processes, rounds }: SocketsOptions, host: HostFacts): string {
  const memberlist = host.memberlist === null ? '' : `, memberlist ${host.memberlist} (${host.go})`;
  return (
    `gridvine ${host.gridvine} (Node ${host.node}) in ${processes} processes${memberlist}; ` +
    `${host.processors} processors, ${host.memoryMb} MB; ${rounds} rounds`
  );
}

function textOf({ nodes, loadAverage, rows, rounds, simulated }: SizeResult): string {
  const loads = loadAverage.map((value) => value.toFixed(2)).join(' ');
  const tables = [peersTable(rows), loadTable(rounds)];
  if (simulated !== undefined) tables.push(simulatorTable(simulated.rows));
  return `${nodes} nodes; load average ${loads}\n${tables.join('\n')}`;
}

function progress(what: string): void {
  process.stderr.write(`${what} (load ${loadavg()[0].toFixed(2)})\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
