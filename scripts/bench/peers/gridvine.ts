/**
 * One round of measurements of gridvine: n nodes in this process, on loopback, unicast, with LAN settings. The plan comes as JSON in
 * the first argument; the result is one line of JSON on standard output, with the fields of `round.ts`.
 */
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEvent } from '#runtime/core/outputs.ts';
import type { RunningNode } from '#runtime/driver/contract.ts';
import { createNode } from '#runtime/driver/create-node.ts';
import {
  BROADCAST_PAUSE_MS,
  CRASH_PAUSE_MS,
  type IdleFigures,
  LIMITS,
  type Round,
  type RoundPlan,
} from './round.ts';

const KEY = 'bench';

/** A node and what its owner was told. */
interface Observed {
  readonly node: RunningNode;
  /** Others that it takes for members: alive or, as memberlist counts too, suspect. */
  readonly seen: Set<string>;
  readonly down: Set<string>;
  /** Numbers of broadcasts it has. */
  readonly had: Set<number>;
  downs: number;
}

async function observe(name: string, dataDir: string): Promise<Observed> {
  const node = await createNode({
    name,
    cluster: 'bench',
    psk: new Uint8Array(32).fill(7),
    dataDir,
    bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }],
    links: [{ name: 'lo', multicast: 'off' }],
  });
  const observed: Observed = { node, seen: new Set(), down: new Set(), had: new Set(), downs: 0 };
  node.onEvent((event) => note(observed, event));
  return observed;
}

function note(observed: Observed, event: EngineEvent): void {
  const { seen, down, had } = observed;
  if (event.type === 'record' && event.change === 'put' && event.record.key === KEY)
    had.add(Number.parseInt(String(event.record.value), 10));
  if (event.type !== 'member' || event.id === observed.node.id) return;
  if (event.to === 'alive' || event.to === 'suspect') seen.add(event.id);
  else seen.delete(event.id);
  if (event.to === 'down') {
    down.add(event.id);
    observed.downs++;
  } else down.delete(event.id);
}

/** Asks every millisecond; @returns milliseconds since `fromMs`, or null when the limit is over. */
async function until(fromMs: number, limitS: number, done: () => boolean): Promise<number | null> {
  while (!done()) {
    if (performance.now() - fromMs > limitS * 1_000) return null;
    await sleep(1);
  }
  return performance.now() - fromMs;
}

interface Totals {
  readonly datagrams: number;
  readonly datagramBytes: number;
  readonly cpuMs: number;
  readonly atMs: number;
}

function totals(all: readonly Observed[]): Totals {
  const { user, system } = process.cpuUsage();
  const links = all.flatMap(({ node }) => node.traffic());
  return {
    datagrams: links.reduce((sum, link) => sum + link.txDatagrams, 0),
    datagramBytes: links.reduce((sum, link) => sum + link.txBytes, 0),
    cpuMs: (user + system) / 1_000,
    atMs: performance.now(),
  };
}

async function measureIdle(all: readonly Observed[], idleS: number): Promise<IdleFigures> {
  const before = totals(all);
  await sleep(idleS * 1_000);
  const after = totals(all);
  const share = 1_000 / (after.atMs - before.atMs) / all.length;
  return {
    datagrams: (after.datagrams - before.datagrams) * share,
    datagramBytes: (after.datagramBytes - before.datagramBytes) * share,
    streamBytes: 0,
    cpuMs: (after.cpuMs - before.cpuMs) * share,
  };
}

async function measureBroadcast(
  all: readonly Observed[],
  number: number,
  bytes: number,
): Promise<number | null> {
  await sleep(randomInt(BROADCAST_PAUSE_MS.min, BROADCAST_PAUSE_MS.max));
  const origin = all[randomInt(all.length)];
  const sentMs = performance.now();
  origin.node.put(KEY, `${number}:`.padEnd(bytes, 'x'), { priority: 'urgent', keep: false });
  return until(sentMs, LIMITS.broadcastS, () => all.every(({ had }) => had.has(number)));
}

async function measure(all: readonly Observed[], plan: RoundPlan): Promise<Round> {
  const seeds = all[0].node.endpoints;
  const joinedMs = performance.now();
  for (const { node } of all.slice(1)) node.join(seeds);
  const joinMs = await until(joinedMs, LIMITS.joinS, () =>
    all.every(({ seen }) => seen.size === all.length - 1),
  );

  await sleep(plan.settleS * 1_000);
  const idle = await measureIdle(all, plan.idleS);

  const broadcastMs: (number | null)[] = [];
  for (let i = 0; i < plan.broadcasts; i++)
    broadcastMs.push(await measureBroadcast(all, i, plan.payloadBytes));

  await sleep(CRASH_PAUSE_MS);
  const victim = all[randomInt(1, all.length)];
  const survivors = all.filter((observed) => observed !== victim);
  // Only a verdict from now on counts.
  for (const { down } of survivors) down.delete(victim.node.id);
  const crashedMs = performance.now();
  void victim.node.close();
  const saysDown = ({ down }: Observed) => down.has(victim.node.id);
  const crashMs = await until(crashedMs, LIMITS.crashS, () => survivors.every(saysDown));

  const downs = survivors.reduce((sum, observed) => sum + observed.downs, 0);
  return { joinMs, idle, broadcastMs, crashMs, falseDowns: downs - survivors.filter(saysDown).length };
}

async function main(plan: RoundPlan): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gridvine-bench-'));
  // The parent's end is this process's end.
  process.stdin.on('end', () => abandon(directory)).resume();
  const all: Observed[] = [];
  try {
    for (let i = 0; i < plan.nodes; i++) all.push(await observe(`node-${i}`, join(directory, `${i}`)));
    process.stdout.write(`${JSON.stringify(await measure(all, plan))}\n`);
  } finally {
    await Promise.all(all.map(({ node }) => node.close()));
    await rm(directory, { recursive: true, force: true });
  }
}

function abandon(directory: string): never {
  rmSync(directory, { recursive: true, force: true });
  process.exit(1);
}

await main(JSON.parse(process.argv[2]));
process.exit(0);
