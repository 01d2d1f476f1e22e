/**
 * gridvine beside HashiCorp's memberlist on real loopback sockets, in one run, alternating:
 * `node scripts/bench/sockets.ts [--nodes 10,50] [--rounds 3] [--broadcasts 10] [--settle 5] [--idle 10] [--json]`.
 * What it needs and how to read it: `peers/README.md`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type Round, type RoundPlan, roundLimitMs } from './peers/round.ts';
import { gridvineSide, memberlistSide, type Side } from './peers/sides.ts';
import { type Figure, type Row, summarize } from './peers/summary.ts';

/** Beyond it, sockets and time-outs of one machine are what is measured. */
const NODES_MAX = 250;
const PAYLOAD_BYTES = 256;

class UsageError extends Error {}

interface Comparison {
  readonly plan: RoundPlan;
  readonly rounds: { readonly gridvine: Round[]; readonly memberlist: Round[] };
  /** The machine's load average over a minute, before each pair of rounds and after the last. */
  readonly load: number[];
  readonly rows: Row[];
}

function readOptions(args: readonly string[]) {
  const { values } = parseOrRefuse(args);
  const nodes = values.nodes
    .split(',')
    .map((text) => readNumber('--nodes', text, { min: 2, max: NODES_MAX }));
  return {
    nodes,
    rounds: readNumber('--rounds', values.rounds, { min: 1, max: 20 }),
    broadcasts: readNumber('--broadcasts', values.broadcasts, { min: 1, max: 100 }),
    settleS: readNumber('--settle', values.settle, { min: 1, max: 600 }),
    idleS: readNumber('--idle', values.idle, { min: 1, max: 600 }),
    json: values.json,
  };
}

function parseOrRefuse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        nodes: { type: 'string', default: '10,50' },
        rounds: { type: 'string', default: '3' },
        broadcasts: { type: 'string', default: '10' },
        settle: { type: 'string', default: '5' },
        idle: { type: 'string', default: '10' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(option: string, text: string, range: { min: number; max: number }): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= range.min && value <= range.max))
    throw new UsageError(
      `${option}: expected a whole number from ${range.min} to ${range.max}; got ${text || 'nothing'}`,
    );
  return value;
}

async function compare(
  sides: { gridvine: Side; memberlist: Side },
  plan: RoundPlan,
  count: number,
): Promise<Comparison> {
  const rounds: Comparison['rounds'] = { gridvine: [], memberlist: [] };
  const load: number[] = [];
  for (let i = 0; i < count; i++) {
    load.push(loadavg()[0]);
    // Who goes first changes, so that a neighbour's rhythm favours neither.
    const order = i % 2 === 0 ? (['gridvine', 'memberlist'] as const) : (['memberlist', 'gridvine'] as const);
    for (const name of order) {
      process.stderr.write(
        `${plan.nodes} nodes, round ${i + 1} of ${count}: ${name} (load ${loadavg()[0].toFixed(2)})\n`,
      );
      rounds[name].push(await sides[name](plan));
    }
  }
  load.push(loadavg()[0]);
  return { plan, rounds, load, rows: summarize(rounds.gridvine, rounds.memberlist) };
}

function tableOf({ rows, plan, load, rounds }: Comparison): string {
  const table = new Table({
    head: ['median [least - greatest]', 'gridvine', 'memberlist', 'ratio'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows)
    table.push([
      row.unit === '' ? row.name : `${row.name}, ${row.unit}`,
      textOf(row.gridvine),
      textOf(row.memberlist),
      row.ratio === null ? '-' : row.ratio.toFixed(row.ratio < 10 ? 2 : 0),
    ]);
  const loads = load.map((value) => value.toFixed(2)).join(' ');
  return `${plan.nodes} nodes in one process, ${rounds.gridvine.length} rounds; load average ${loads}\n${table}\n`;
}

function textOf({ median, min, max, missed }: Figure): string {
  const range = min === max ? '' : ` [${number(min)} - ${number(max)}]`;
  return `${number(median)}${range}${missed > 0 ? `, ${missed} missed` : ''}`;
}

function number(value: number | null): string {
  if (value === null) return 'missed';
  return value.toFixed(value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

async function main(): Promise<void> {
  const { nodes, rounds, broadcasts, settleS, idleS, json } = readOptions(process.argv.slice(2));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`interrupted by ${signal}`)));
  const directory = await mkdtemp(join(tmpdir(), 'gridvine-sockets-'));
  try {
    const options = { directory, signal: stop.signal };
    const sides = { gridvine: gridvineSide(options), memberlist: await memberlistSide(options) };
    const plans = nodes.map((n) => ({
      nodes: n,
      broadcasts,
      payloadBytes: PAYLOAD_BYTES,
      settleS,
      idleS,
    }));
    const limitMs = plans.reduce((sum, plan) => sum + 2 * rounds * roundLimitMs(plan), 0);
    process.stderr.write(`ends in ${Math.ceil(limitMs / 60_000)} minutes at the latest, mostly far sooner\n`);
    const sizes: Comparison[] = [];
    for (const plan of plans) {
      const comparison = await compare(sides, plan, rounds);
      sizes.push(comparison);
      if (!json) process.stdout.write(`${tableOf(comparison)}\n`);
    }
    if (json)
      process.stdout.write(`${JSON.stringify({ schema: 'gridvine.bench-sockets/1', sizes }, null, 2)}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
