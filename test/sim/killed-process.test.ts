import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';

const SEEDS = [1, 2, 3, 4, 5];
const VICTIM = 3;

/** A cluster that has formed, with the events about one of its hosts. */
function formed(nodes: number, seed: number) {
  const world = new World(
    { nodes, seed, medium: 'unicast', quality: DEFAULT_QUALITY, settings: settingsOf('lan') },
    { provider: createNodeProvider(), createEngine: (options) => new Engine(options) },
  );
  for (let host = 0; host < nodes; host++) world.start(host, [0]);
  world.runFor(15_000);
  const { id } = world.hosts[VICTIM]!;
  const last = new Map<string, string | undefined>();
  const downs = new Set<string>();
  world.observe((observation) => {
    if (observation.type !== 'event' || observation.event.type !== 'member' || observation.event.id !== id)
      return;
    last.set(observation.node, observation.event.to);
    if (observation.event.to === 'down') downs.add(observation.node);
  });
  const others = world.hosts.filter((host) => host.index !== VICTIM);
  return { world, id, last, downs, others };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

test('a process killed on a living host is down everywhere clearly sooner than a host that lost power', () => {
  for (const nodes of [10, 30]) {
    /** From the kill, and from the first suspicion: when a probe's turn comes is chance, the same with both. */
    const timesUntilDown = (hostStaysUp: boolean) =>
      SEEDS.map((seed) => {
        const { world, last, downs, others } = formed(nodes, seed);
        world.kill(VICTIM, { hostStaysUp });
        const suspectMs = world.runUntil(() => last.size > 0, 30_000);
        const downMs = world.runUntil(() => downs.size === others.length, 30_000);
        assert.ok(suspectMs !== undefined && downMs !== undefined, `seed ${seed}`);
        return { allMs: suspectMs + downMs, suspicionMs: downMs };
      });
    const told = timesUntilDown(true);
    const untold = timesUntilDown(false);
    for (const { suspicionMs } of told) assert.ok(suspicionMs <= 600, `${nodes} nodes: ${suspicionMs} ms`);
    const gained = median(untold.map(({ allMs }) => allMs)) - median(told.map(({ allMs }) => allMs));
    assert.ok(gained >= 500, `${nodes} nodes: ${gained} ms`);
  }
});

test('at 30 % loss it is down everywhere too: refusals get lost like anything else', () => {
  const { world, downs, others } = formed(10, 1);
  world.network.setQuality({ lossShare: 0.3 });
  world.kill(VICTIM, { hostStaysUp: true });
  assert.ok(world.runUntil(() => downs.size === others.length, 15_000) !== undefined);
});

test('a process that is back before the verdict is alive everywhere, in its new life', () => {
  for (const seed of SEEDS) {
    const { world, id, last, downs, others } = formed(10, seed);
    world.kill(VICTIM, { hostStaysUp: true });
    // Somebody has had its refusals by now.
    assert.ok(world.runUntil(() => [...last.values()].includes('suspect'), 10_000) !== undefined);
    world.runFor(100);
    world.start(VICTIM, [(VICTIM + 1) % 10]);
    const isBack = () =>
      others.every(({ engine }) => {
        const member = engine!.members(0).find((each) => each.id === id);
        return member?.state === 'alive' && member.boot === 2;
      });
    assert.ok(world.runUntil(isBack, 2_000) !== undefined, `seed ${seed}: back`);
    world.runFor(5_000);
    assert.deepEqual([...downs], [], `seed ${seed}`);
    assert.ok(isBack());
  }
});
