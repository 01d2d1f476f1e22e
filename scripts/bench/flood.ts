/**
 * What forged datagrams cost a node of a live cluster of three, and whether the cluster lives on:
 * `node scripts/bench/flood.ts [--rates 10000,50000] [--kinds mix|each|NAME] [--seconds 10] [--json]`.
 * How to read it: `flood/README.md`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FORGERIES, type Forgery } from './flood/forgeries.ts';
import type { AttackDone, AttackOrder, NodeOrder, NodeSample, Started } from './flood/messages.ts';
import { hostFacts } from './peers/host.ts';

/** Its own address on loopback: the nodes have 127.0.0.1. */
const ATTACKER = '127.0.0.2';
const SETTLE_MS = 3_000;
const FORM_LIMIT_MS = 30_000;

interface Row {
  readonly kinds: string;
  readonly perSecond: number;
  readonly sentPerSecond: number;
  /** Of the flooded node's process, by core. */
  readonly cpuShare: number;
  /** The same flood at a socket with an empty handler. */
  readonly emptyCpuShare: number;
  readonly microsByDatagram: number;
  /** Of all that came to the node, dropped by the kernel. */
  readonly kernelLoss: number;
  readonly falseDowns: number;
  readonly suspicions: number;
  /** Of all nodes' probes. */
  readonly probesFailed: number;
  readonly probes: number;
  /** Of the updates that the flooded node should have been told, and of those that the others should. */
  readonly updatesMissed: number;
  readonly othersMissed: number;
  readonly updateP50Ms: number;
  readonly updateP99Ms: number;
  readonly rssMb: number;
  readonly drops: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rates: { type: 'string', default: '10000,50000' },
      kinds: { type: 'string', default: 'mix' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    },
  });
  const seconds = integer('--seconds', values.seconds, { min: 2, max: 600 });
  const rates = values.rates.split(',').map((text) => integer('--rates', text, { min: 1, max: 200_000 }));
  const mixes = mixesOf(values.kinds);
  const [members, victim, empty, attacker] = ['members', 'members', 'empty', 'attacker'].map(started);
  try {
    const { ports: seeds } = await ask<Started>(members, { type: 'start', names: ['ann', 'ben'], seeds: [] });
    const { ports } = await ask<Started>(victim, { type: 'start', names: ['cem'], seeds });
    const { ports: emptyPorts } = await ask<Started>(empty, { type: 'start', names: [], seeds: [] });
    await formed(members, victim);
    await sleep(SETTLE_MS);
    const rows: Row[] = [];
    for (const { name, kinds } of [{ name: 'none', kinds: FORGERIES }, ...mixes])
      for (const perSecond of name === 'none' ? [0] : rates) {
        const order = { type: 'attack', perSecond, durationMs: 1_000 * seconds, kinds } as const;
        rows.push(
          await measure(
            name,
            { ...order, from: ATTACKER, port: ports[0] },
            { members, victim, empty, attacker, emptyPort: emptyPorts[0] },
          ),
        );
      }
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ schema: 'gridvine.bench-flood/1', host: hostFacts(), loadAverage: loadavg()[0], seconds, rows }, null, 2)}\n`,
      );
    else process.stdout.write(table(rows));
  } finally {
    for (const child of [members, victim, empty, attacker]) child.disconnect();
  }
}

interface Processes {
  readonly members: ChildProcess;
  readonly victim: ChildProcess;
  readonly empty: ChildProcess;
  readonly attacker: ChildProcess;
  readonly emptyPort: number;
}

async function measure(
  kinds: string,
  order: Omit<AttackOrder, 'captured'>,
  { members, victim, empty, attacker, emptyPort }: Processes,
): Promise<Row> {
  const { captured } = await ask<NodeSample>(members, { type: 'sample' });
  const attack = (port: number): Promise<AttackDone> =>
    order.perSecond === 0
      ? sleep(order.durationMs).then(() => ({ sent: 0, wallMs: order.durationMs }))
      : ask<AttackDone>(attacker, { ...order, port, captured });
  await ask(empty, { type: 'sample' });
  await attack(emptyPort);
  const floor = await ask<NodeSample>(empty, { type: 'sample' });
  await Promise.all([ask(members, { type: 'sample' }), ask(victim, { type: 'sample' })]);
  const done = await attack(order.port);
  const [own, others] = await Promise.all([
    ask<NodeSample>(victim, { type: 'sample' }),
    ask<NodeSample>(members, { type: 'sample' }),
  ]);
  const latencies = [...own.updateMs, ...others.updateMs].toSorted((a, b) => a - b);
  return {
    kinds,
    perSecond: order.perSecond,
    sentPerSecond: Math.round((1_000 * done.sent) / done.wallMs),
    cpuShare: own.cpuMs / own.wallMs,
    emptyCpuShare: floor.cpuMs / floor.wallMs,
    microsByDatagram: (1_000 * own.cpuMs) / Math.max(1, own.rxDatagrams),
    kernelLoss: own.rxDropped / Math.max(1, own.rxDropped + own.rxDatagrams),
    falseDowns: own.falseDowns + others.falseDowns,
    suspicions: own.suspicions + others.suspicions,
    probes: own.probes + others.probes,
    probesFailed: own.probesFailed + others.probesFailed,
    updatesMissed: Math.max(0, 1 - own.updates / own.updatesDue),
    othersMissed: Math.max(0, 1 - others.updates / others.updatesDue),
    updateP50Ms: latencies[latencies.length >> 1] ?? Number.NaN,
    updateP99Ms: latencies[Math.floor(0.99 * latencies.length)] ?? Number.NaN,
    rssMb: own.rssMb,
    drops: own.drops,
  };
}

async function formed(...children: ChildProcess[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < FORM_LIMIT_MS; waitedMs += 100) {
    const samples = await Promise.all(children.map((child) => ask<NodeSample>(child, { type: 'sample' })));
    if (samples.every(({ alive }) => alive.every((count) => count === 3))) return;
    await sleep(100);
  }
  throw new Error('the cluster has not formed');
}

function started(name: string): ChildProcess {
  const child = fork(join(import.meta.dirname, 'flood', `${name}.ts`), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return child;
}

async function ask<T>(child: ChildProcess, order: NodeOrder | AttackOrder): Promise<T> {
  const gone = new AbortController();
  try {
    const answer = once(child, 'message', { signal: gone.signal });
    const end = once(child, 'exit', { signal: gone.signal }).then(() => {
      throw new Error('a process of the bench has ended');
    });
    child.send(order);
    return (await Promise.race([answer, end]))[0] as T;
  } finally {
    gone.abort();
  }
}

function mixesOf(text: string): { name: string; kinds: readonly Forgery[] }[] {
  if (text === 'mix') return [{ name: 'mix', kinds: FORGERIES }];
  if (text === 'each') return FORGERIES.map((kind) => ({ name: kind, kinds: [kind] }));
  const kind = FORGERIES.find((name) => name === text);
  if (kind === undefined)
    throw new Error(`--kinds: expected mix, each or one of ${FORGERIES.join(', ')}; got ${text}`);
  return [{ name: kind, kinds: [kind] }];
}

function table(rows: readonly Row[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(10))).join(' ')}\n`;
  const head = [
    'forgeries',
    'a second',
    'CPU',
    'empty CPU',
    'us each',
    'lost',
    'downs',
    'suspected',
    'probes',
    'failed',
    'missed',
    'others',
    'p50 ms',
    'p99 ms',
    'RSS MB',
  ];
  const body = rows.map(
    (row) =>
      line([
        row.kinds,
        String(row.sentPerSecond),
        percent(row.cpuShare),
        percent(row.emptyCpuShare),
        row.microsByDatagram.toFixed(1),
        percent(row.kernelLoss),
        String(row.falseDowns),
        String(row.suspicions),
        String(row.probes),
        String(row.probesFailed),
        percent(row.updatesMissed),
        percent(row.othersMissed),
        row.updateP50Ms.toFixed(0),
        row.updateP99Ms.toFixed(0),
        row.rssMb.toFixed(0),
      ]) +
      `  ${Object.entries(row.drops)
        .map(([reason, count]) => `${reason} ${count}`)
        .join(', ')}\n`,
  );
  return `${line(head)}${body.join('')}`;
}

function integer(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name}: expected an integer from ${min} to ${max}; got ${text}`);
}

main();
