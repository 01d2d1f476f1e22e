/** A process with some of the cluster's nodes, which tell each other a number four times a second. It ends when the bench does. */
import { performance } from 'node:perf_hooks';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import { BenchNode } from '../peers/bench-node.ts';
import type { NodeOrder, NodeSample, Started } from './messages.ts';

const KEY = 'bench/number';
const PUT_EVERY_MS = 250;
const CAPTURED_MAX = 64;

const nodes: BenchNode[] = [];
const captured: Uint8Array[] = [];
const alive = new Map<BenchNode, Set<string>>();
let falseDowns = 0;
let updates = 0;
let updateMs: number[] = [];
let last = { atMs: performance.now(), cpu: process.cpuUsage(), totals: totals() };

async function start({ names, seeds }: Extract<NodeOrder, { type: 'start' }>): Promise<Started> {
  for (const name of names) {
    const members = new Set<string>([name]);
    const node = await BenchNode.start(name, (event) => note(members, name, event), {
      onSend: (bytes) => {
        captured.push(bytes);
        if (captured.length > CAPTURED_MAX) captured.shift();
      },
    });
    nodes.push(node);
    alive.set(node, members);
    node.join(seeds.map((port) => ({ transport: 'udp', address: '127.0.0.1', port })));
    setInterval(() => node.putUrgent(KEY, `${performance.timeOrigin + performance.now()}`), PUT_EVERY_MS);
  }
  return { ports: nodes.flatMap((node) => node.endpoints.map(({ port }) => port)) };
}

function note(members: Set<string>, name: string, event: EngineEvent): void {
  if (event.type === 'member') {
    if (event.to === 'alive' || event.to === 'suspect') members.add(event.name);
    else members.delete(event.name);
    // Nobody dies in this bench.
    if (event.to === 'down') falseDowns++;
  } else if (event.type === 'record' && event.record.key === KEY && event.record.node !== name) {
    updates++;
    updateMs.push(performance.timeOrigin + performance.now() - Number(event.record.value));
  }
}

function sample(): NodeSample {
  const nowMs = performance.now();
  const wallMs = nowMs - last.atMs;
  const { user, system } = process.cpuUsage(last.cpu);
  const before = last.totals;
  const now = totals();
  const difference = (key: string) => (now[key] ?? 0) - (before[key] ?? 0);
  const result: NodeSample = {
    wallMs,
    cpuMs: (user + system) / 1_000,
    rssMb: process.memoryUsage().rss / 1e6,
    alive: [...alive.values()].map((members) => members.size),
    falseDowns,
    suspicions: difference('suspicions'),
    probes: difference('probes'),
    probesFailed: difference('probesFailed'),
    updates,
    updatesDue: Math.round((nodes.length * 2 * wallMs) / PUT_EVERY_MS),
    updateMs,
    rxDatagrams: difference('rxDatagrams'),
    rxDropped: difference('rxDropped'),
    drops: Object.fromEntries(
      Object.keys(now)
        .filter((key) => key.startsWith('drop ') && difference(key) > 0)
        .map((key) => [key.slice(5), difference(key)]),
    ),
    captured: captured.map((bytes) => Buffer.from(bytes).toString('hex')),
  };
  last = { atMs: nowMs, cpu: process.cpuUsage(), totals: now };
  updates = 0;
  updateMs = [];
  falseDowns = 0;
  return result;
}

function totals(): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (key: string, value: number) => {
    sum[key] = (sum[key] ?? 0) + value;
  };
  for (const node of nodes) {
    const { drops, suspicions, probes, probesFailed, rxDatagrams } = node.counters;
    for (const [key, value] of Object.entries({ suspicions, probes, probesFailed, rxDatagrams }))
      add(key, value);
    for (const [reason, value] of Object.entries(drops)) add(`drop ${reason}`, value);
    for (const { rxDropped } of node.traffic()) add('rxDropped', rxDropped);
  }
  return sum;
}

process.on('message', async (order: NodeOrder) => {
  process.send?.(order.type === 'start' ? await start(order) : sample());
});
process.on('disconnect', () => process.exit(0));
