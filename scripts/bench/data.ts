/**
 * What a table of a thousand members costs a node, how long a newcomer takes to get it, and whether a thousand puts a second arrive:
 * `node scripts/bench/data.ts [--owners 1000] [--records 20] [--rounds 3] [--seconds 10] [--json]`. How to read it: `data/README.md`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DataOrder, Opened, PutsDone, PutsSeen, Synced } from './data/messages.ts';
import { hostFacts } from './peers/host.ts';

const FORM_LIMIT_MS = 30_000;
const ARRIVE_LIMIT_MS = 10_000;
const PUTS_PER_SECOND = 1_000;
const KEYS = 100;

interface Puts {
  readonly perSecond: number;
  /** By core. */
  readonly writerCpu: number;
  readonly readersCpu: readonly number[];
  readonly eventsLost: number;
  readonly backwards: number;
  /** Of the writer's puts, how many each reader was told; the rest were overtaken by the next value of their key. */
  readonly told: readonly number[];
  /** From the last put until both readers had the last version of each key; null: not within 10 s. */
  readonly arrivedMs: number | null;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      owners: { type: 'string', default: '1000' },
      records: { type: 'string', default: '20' },
      holders: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    },
  });
  const owners = integer('--owners', values.owners, { min: 2, max: 2_000 });
  const records = integer('--records', values.records, { min: 1, max: 200 });
  const holders = integer('--holders', values.holders, { min: 1, max: 8 });
  const rounds = integer('--rounds', values.rounds, { min: 1, max: 99 });
  const seconds = integer('--seconds', values.seconds, { min: 1, max: 600 });
  const syncs: { readonly certified: boolean; readonly rounds: Synced[] }[] = [];
  for (const certified of [false, true]) {
    const done: Synced[] = [];
    for (let round = 0; round < rounds; round++)
      done.push(await syncOf({ owners, records, holders, certified }));
    syncs.push({ certified, rounds: done });
  }
  const puts = await putsOf(seconds);
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ schema: 'gridvine.bench-data/1', host: hostFacts(), loadAverage: loadavg()[0], owners, records, syncs, puts }, null, 2)}\n`,
    );
  else process.stdout.write(tableOf({ owners, records }, syncs) + linesOf(puts));
}

async function syncOf(size: {
  readonly owners: number;
  readonly records: number;
  readonly holders: number;
  readonly certified: boolean;
}): Promise<Synced> {
  const newcomer = started();
  const holders = Array.from({ length: size.holders }, started);
  try {
    const opened = await Promise.all(
      holders.map((holder, holds) => ask<Opened>(holder, { type: 'hold', holds, ...size })),
    );
    const ports = opened.map(({ port }) => port);
    return await ask<Synced>(newcomer, { type: 'sync', ports, ...size });
  } finally {
    for (const child of [newcomer, ...holders]) child.disconnect();
  }
}

async function putsOf(seconds: number): Promise<Puts> {
  const children = [started(), started(), started()];
  try {
    const ports: number[] = [];
    for (const child of children) ports.push((await ask<Opened>(child, { type: 'open', ports })).port);
    const [writer, ...readers] = children;
    const look = () => Promise.all(readers.map((reader) => ask<PutsSeen>(reader, { type: 'sample' })));
    for (let waitedMs = 0; (await look()).some(({ alive }) => alive < 2); waitedMs += 100) {
      if (waitedMs >= FORM_LIMIT_MS) throw new Error('the cluster has not formed');
      await sleep(100);
    }
    const done = await ask<PutsDone>(writer, {
      type: 'puts',
      perSecond: PUTS_PER_SECOND,
      keys: KEYS,
      seconds,
    });
    const doneMs = performance.now();
    const busy = await look();
    let seen = busy;
    const isThere = () =>
      seen.every(({ last }) => Object.keys(done.last).every((key) => last[key] === done.last[key]));
    while (!isThere() && performance.now() - doneMs < ARRIVE_LIMIT_MS) {
      await sleep(5);
      seen = await look();
    }
    return {
      perSecond: (1_000 * done.puts) / done.wallMs,
      writerCpu: done.cpuMs / done.wallMs,
      readersCpu: busy.map(({ cpuMs }) => cpuMs / done.wallMs),
      eventsLost: seen.reduce((sum, { eventsLost }) => sum + eventsLost, 0),
      backwards: seen.reduce((sum, { backwards }) => sum + backwards, 0),
      told: seen.map(({ events }) => events / done.puts),
      arrivedMs: isThere() ? performance.now() - doneMs : null,
    };
  } finally {
    for (const child of children) child.disconnect();
  }
}

function started(): ChildProcess {
  return fork(join(import.meta.dirname, 'data', 'node.ts'), {
    execArgv: ['--no-warnings', '--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function ask<T>(child: ChildProcess, order: DataOrder): Promise<T> {
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

function tableOf(
  { owners, records }: { readonly owners: number; readonly records: number },
  syncs: readonly { readonly certified: boolean; readonly rounds: readonly Synced[] }[],
): string {
  const columns: readonly (readonly [string, (synced: Synced) => number, number])[] = [
    ['sync s', ({ tookMs }) => tookMs / 1_000, 2],
    ['CPU s', ({ cpuMs }) => cpuMs / 1_000, 2],
    ['MB in', ({ receivedBytes }) => receivedBytes / 1e6, 2],
    ['heap MB', ({ heapMb }) => heapMb, 1],
    ['empty MB', ({ heapBeforeMb }) => heapBeforeMb, 1],
    ['external', ({ externalMb }) => externalMb, 1],
    ['get us', ({ getUs }) => getUs, 1],
    ['list ms', ({ listMs }) => listMs, 0],
  ];
  const head = `${owners} members x ${records} records`.padEnd(32);
  const lines = syncs.map(({ certified, rounds }) => {
    const cells = columns.map(([, of, digits]) => median(rounds.map(of)).toFixed(digits).padStart(10));
    return `${(certified ? 'certificates, signed' : 'pre-shared key').padEnd(32)}${cells.join('')}\n`;
  });
  return `${head}${columns.map(([name]) => name.padStart(10)).join('')}\n${lines.join('')}`;
}

function linesOf(puts: Puts): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return [
    `${puts.perSecond.toFixed(0)} puts a second of ${KEYS} keys: writer ${percent(puts.writerCpu)} of a core, readers ${puts.readersCpu.map(percent).join(' and ')}`,
    `last versions at both readers: ${puts.arrivedMs === null ? 'not within 10 s' : `after ${puts.arrivedMs.toFixed(0)} ms`}; told ${puts.told.map(percent).join(' and ')}, backwards ${puts.backwards}, events lost ${puts.eventsLost}\n`,
  ].join('\n');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function integer(
  flag: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Error(`${flag}: expected a whole number from ${min} to ${max}; got ${text}`);
  return value;
}

await main();
