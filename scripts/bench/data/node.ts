/** A process with one node, told by the bench what to do. It ends when the bench does. */
import { performance } from 'node:perf_hooks';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import { BenchNode } from '../peers/bench-node.ts';
import type { DataOrder, Opened, PutsDone, PutsSeen, Synced } from './messages.ts';
import { blocksOf, cardOf, fleetOf, keyOf } from './owners.ts';

const SYNC_LIMIT_MS = 120_000;
const GETS = 100_000;
const TICK_MS = 10;
/** So that batches in the queue, and probes, don't count as growth. */
const CALM_MS = 1_000;

let node: BenchNode | undefined;
let events = 0;
let backwards = 0;
const last: Record<string, number> = {};
const alive = new Set<string>();
let cpu = process.cpuUsage();

async function hold({
  holds,
  holders,
  owners,
  records,
  certified,
}: Extract<DataOrder, { type: 'hold' }>): Promise<Opened> {
  const fleet = certified ? await fleetOf(owners) : undefined;
  node = await BenchNode.start(`holder-${holds}`, () => undefined, fleet && { card: cardOf(fleet, holds) });
  for (let n = 0; n < records; n++) node.put(keyOf(n), 1_200 + n);
  node.restore(blocksOf(holders, { owners, records, fleet }));
  if (node.recordCount < (owners - holders) * records)
    throw new Error(`it holds ${node.recordCount} records`);
  return { port: node.endpoints[0].port };
}

async function sync({
  ports,
  owners,
  records,
  certified,
}: Extract<DataOrder, { type: 'sync' }>): Promise<Synced> {
  const fleet = certified ? await fleetOf(owners) : undefined;
  const heapBeforeMb = heap().heapUsed / 1e6;
  let come = 0;
  const done = Promise.withResolvers<void>();
  const limit = setTimeout(() => done.reject(new Error(`${come} records have come`)), SYNC_LIMIT_MS);
  const newcomer = await BenchNode.start(
    'newcomer',
    (event) => {
      if (event.type !== 'record') return;
      come++;
      if (come === owners * records) done.resolve();
    },
    fleet && { card: cardOf(fleet, owners) },
  );
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  newcomer.join(ports.map((port) => ({ transport: 'udp', address: '127.0.0.1', port })));
  await done.promise;
  clearTimeout(limit);
  const tookMs = performance.now() - startMs;
  const cpuMs = cpuSince(startCpu);
  const receivedBytes = newcomer.traffic().reduce((sum, { rxBytes }) => sum + rxBytes, 0);
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const { heapUsed, external } = heap();
  const owner = someOwner(newcomer);
  const getMs = timed(() => {
    for (let i = 0; i < GETS; i++) newcomer.get(owner, keyOf(i % records));
  });
  const listMs = timed(() => newcomer.list());
  return {
    ...{ tookMs, cpuMs, receivedBytes, heapBeforeMb, heapMb: heapUsed / 1e6, externalMb: external / 1e6 },
    ...{ getUs: (1_000 * getMs) / GETS, listMs },
  };
}

async function open({ ports }: Extract<DataOrder, { type: 'open' }>): Promise<Opened> {
  node = await BenchNode.start(`node-${ports.length}`, note);
  node.join(ports.map((port) => ({ transport: 'udp', address: '127.0.0.1', port })));
  return { port: node.endpoints[0].port };
}

function note(event: EngineEvent): void {
  if (event.type === 'member') {
    if (event.to === 'alive') alive.add(event.id);
    else if (event.to !== 'suspect') alive.delete(event.id);
  }
  if (event.type !== 'record' || event.change !== 'put' || event.record.owner === node?.id) return;
  const { key, version } = event.record;
  events++;
  if (version <= (last[key] ?? 0)) backwards++;
  else last[key] = version;
}

/** So many a second, evenly; where the process falls behind it catches up. */
async function puts({ perSecond, keys, seconds }: Extract<DataOrder, { type: 'puts' }>): Promise<PutsDone> {
  const writer = opened();
  const startMs = performance.now();
  cpu = process.cpuUsage();
  const total = perSecond * seconds;
  for (let count = 0; count < total; ) {
    const due = Math.min(total, ((performance.now() - startMs) * perSecond) / 1_000);
    for (; count < due; count++) {
      const key = keyOf(count % keys);
      last[key] = writer.put(key, count);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return { puts: total, wallMs: performance.now() - startMs, cpuMs: cpuSince(cpu), last };
}

function sample(): PutsSeen {
  const seen = {
    alive: alive.size,
    cpuMs: cpuSince(cpu),
    events,
    eventsLost: opened().eventsLost,
    backwards,
    last,
  };
  cpu = process.cpuUsage();
  return seen;
}

function opened(): BenchNode {
  if (node === undefined) throw new Error('no node was opened');
  return node;
}

function someOwner(of: BenchNode): string {
  const record = of.list().find(({ owner }) => owner !== of.id);
  if (record === undefined) throw new Error('nobody else has records');
  return record.owner;
}

function heap(): NodeJS.MemoryUsage {
  if (globalThis.gc === undefined) throw new Error('expected node --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function answer(order: DataOrder): Promise<Opened | Synced | PutsDone> | PutsSeen {
  switch (order.type) {
    case 'hold':
      return hold(order);
    case 'sync':
      return sync(order);
    case 'open':
      return open(order);
    case 'puts':
      return puts(order);
    case 'sample':
      return sample();
  }
}

process.on('message', async (order: DataOrder) => {
  process.send?.(await answer(order));
});
process.on('disconnect', () => process.exit());
