import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseMeter } from '#runtime/simulator/lease-meter.ts';
import { percentiles } from '#runtime/simulator/statistics.ts';
import { World } from '#runtime/simulator/world.ts';
import { optionsOf, REAL_PARTS } from './play.ts';

const TTL_MS = 5_000;
const SEEDS = 30;

/** All of some voters want one lease; its holder dies. @returns after how long another one holds it. */
function takeoverMs(voters: number, seed: number, loss = 0): number {
  const world = new World(optionsOf({ scenario: 'lease', nodes: voters, seed, loss }), REAL_PARTS);
  const meter = new LeaseMeter();
  world.observe(meter.observe);
  const indexes = world.hosts.map(({ index }) => index);
  const roster = { version: 1, voters: world.hosts.map(({ id }) => id), previous: [] };
  for (const index of indexes) world.giveRoster(index, roster);
  world.startTogether(indexes, [0]);
  world.runFor(5_000);
  for (const index of indexes) world.acquireLease(index, 'uplink', { ttlMs: TTL_MS });
  const holder = () => meter.holderOf('uplink');
  assert.ok(
    world.runUntil(() => holder() !== undefined, 60_000) !== undefined,
    `seed ${seed}: nobody holds it`,
  );
  world.runFor(world.random.next() * 20_000);
  const first = holder();
  assert.ok(first !== undefined, `seed ${seed}: lost without a reason`);
  world.kill(world.indexOf(first));
  const tookMs = world.runUntil(() => holder() !== undefined, 120_000);
  assert.ok(tookMs !== undefined, `seed ${seed}: nobody took over`);
  return tookMs;
}

for (const voters of [3, 5, 7]) {
  test(`of ${voters} voters that all want a lease one has it soon after its holder died`, () => {
    const times = Array.from({ length: SEEDS }, (_, seed) => takeoverMs(voters, seed + 1));
    const { p50, max } = percentiles(times);
    assert.ok(
      p50 !== null && p50 <= TTL_MS + 1_000 && max !== null && max <= TTL_MS + 4_000,
      JSON.stringify(times),
    );
  });
}
