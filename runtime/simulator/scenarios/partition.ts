import { shuffle } from '../../core/random.ts';
import type { HostIndex } from '../network.ts';
import type { Run } from '../run.ts';
import type { Scenario } from './scenario.ts';

const DURATION_MS = 60_000;
const HEAL_MS_MAX = 300_000;
const WRITERS_PER_SIDE = 3;

/** The network falls in two halves, both go on writing, and it heals. */
export const partition: Scenario = {
  name: 'partition',
  summary: 'the network falls in two halves for a while, both go on writing, and it heals',
  nodesMin: 2,
  play(run) {
    const { world } = run;
    run.form();
    run.startReadings(run.options.readings ?? 0);
    const hosts = shuffle(
      world.random,
      world.hosts.map((host) => host.index),
    );
    const halves = [hosts.slice(0, hosts.length >> 1), hosts.slice(hosts.length >> 1)];
    const writers = halves.flatMap((half) => half.slice(0, WRITERS_PER_SIDE));
    for (const writer of writers) world.put(writer, 'partition/old', 'written before the partition');
    world.runFor(5_000);
    run.measureFromNow();
    const durationMs = run.options.durationMs ?? DURATION_MS;
    const startMs = world.nowMs;
    world.partition(halves);
    world.runFor(durationMs / 2);
    writeApart(run, writers);
    const splitMs = world.runUntil(() => isSplit(run, halves), startMs + durationMs - world.nowMs);
    world.runFor(startMs + durationMs - world.nowMs);
    world.heal();
    const healedMs = world.runUntil(() => world.members.disagreements === 0, HEAL_MS_MAX);
    const settledMs = run.settle(HEAL_MS_MAX);
    return {
      healedMs: healedMs ?? null,
      recordsHealedMs: healedMs === undefined || settledMs === undefined ? null : healedMs + settledMs,
      split: splitMs !== undefined,
      ...run.commonResults(healedMs !== undefined && settledMs !== undefined),
    };
  },
};

/** Both sides write and delete, so that healing has something to reconcile. */
function writeApart(run: Run, writers: readonly HostIndex[]): void {
  for (const writer of writers) {
    run.world.put(writer, 'partition/new', `written by node ${writer} during the partition`);
    run.world.delete(writer, 'partition/old');
  }
}

/** Whether each half has given the other up. */
function isSplit(run: Run, halves: readonly (readonly HostIndex[])[]): boolean {
  const { members } = run.world;
  const gaveUp = (observers: readonly HostIndex[], subjects: readonly HostIndex[]) =>
    observers.every((observer) => subjects.every((subject) => members.stateOf(observer, subject) === 'down'));
  return gaveUp(halves[0], halves[1]) && gaveUp(halves[1], halves[0]);
}
