import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';

function worldOf(nodes: number): World {
  return new World(
    { nodes, seed: 1, medium: 'unicast', quality: DEFAULT_QUALITY, settings: settingsOf('lan') },
    { provider: createNodeProvider(), createEngine: (options) => new Engine(options) },
  );
}

test('what was known before is known at once, and nobody is told of it', () => {
  // B-125
  const world = worldOf(20);
  const all = world.hosts.map(({ index }) => index);
  world.startTogether(all, [0]);
  assert.equal(world.members.disagreements, 0);
  const { engine } = world.hosts[7]!;
  assert.equal(engine!.members(0).filter(({ state }) => state === 'alive').length, 20);
  // Each tells of itself when it starts; of the others it has nothing to tell.
  assert.ok(engine!.gauges().news <= 1);
  world.runFor(20_000);
  assert.equal(world.members.disagreements, 0);
});

test('who is known from before and gone is found out like any member', () => {
  const world = worldOf(6);
  world.startTogether([0, 1, 2, 3, 4, 5]);
  world.kill(5);
  assert.ok(world.runUntil(() => world.members.countAbout(5, 'down') === 5, 20_000) !== undefined);
});

test('what a node knows better by now stays, and of itself it believes only itself', () => {
  const world = worldOf(3);
  world.startTogether([0, 1, 2]);
  const [a, b] = world.hosts;
  world.put(1, 'soc', 1);
  const old = b!.mutate((engine, nowMs) => engine.blockOf(nowMs, b!.id))!;
  world.put(1, 'soc', 2);
  world.runFor(1_000);
  const own = a!.mutate((engine, nowMs) => engine.blockOf(nowMs, a!.id))!;
  a!.mutate((engine, nowMs) => engine.restore(nowMs, [old, { ...own, to: own.to + 5 }]));
  const [record] = a!.engine!.records(0, { key: 'soc' });
  assert.equal(record?.value, 2);
  assert.equal(a!.engine!.knownOf(a!.id), own.to);
  assert.equal(a!.engine!.blockOf(0, 'f'.repeat(32)), undefined);
});
