import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY, MEDIA, type Medium } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';
import { REAL_PARTS } from './play.ts';

/** The promise, from the moment at which the copy starts. */
const FLAGGED_MS = 10_000;
const CLONED = 1;

const ROUGH = { ...DEFAULT_QUALITY, lossShare: 0.3, duplicateShare: 0.3, reorderShare: 0.3 };

interface Choices {
  readonly nodes: number;
  readonly seed: number;
  readonly medium: Medium;
  readonly quality?: typeof ROUGH;
  /** What the copy's boot is above that of its first start. */
  readonly bootOffset?: number;
}

/** A world whose last host starts from a copy of node 1's card. */
function worldWithCopy({ nodes, seed, medium, quality = DEFAULT_QUALITY, bootOffset = 0 }: Choices) {
  let clonedId = '';
  const twins: string[] = [];
  const world = new World(
    { nodes, seed, medium, quality, settings: settingsOf('lan') },
    {
      provider: REAL_PARTS.provider,
      createEngine: (options) => {
        if (options.name === `node-${CLONED}`) clonedId = options.id;
        const isCopy = options.name === `node-${nodes - 1}`;
        if (!isCopy) return new Engine(options);
        return new Engine({
          ...options,
          id: clonedId,
          boot: options.boot + bootOffset,
          name: `node-${CLONED}`,
        });
      },
    },
  );
  world.observe((observation) => {
    if (observation.type === 'event' && observation.event.type === 'twin')
      twins.push(`${observation.node.slice(0, 4)} ${observation.event.change} ${observation.event.name}`);
  });
  const isFlaggedBy = (host: number) => {
    const each = world.hosts[host];
    return each.engine?.members(each.localNow()).some(({ id, twin }) => id === clonedId && twin) === true;
  };
  return { world, twins, isFlaggedBy };
}

function form(world: World, count: number): void {
  for (let host = 0; host < count; host++) world.start(host, [0, 2]);
  const hosts = Array.from({ length: count }, (_, host) => host);
  const isFormed = () =>
    hosts.every((a) => hosts.every((b) => a === b || world.members.stateOf(a, b) === 'alive'));
  assert.ok(world.runUntil(isFormed, 60_000) !== undefined, 'a cluster');
  world.runFor(5_000);
}

for (const medium of MEDIA)
  for (const [what, nodes, quality] of [
    ['5 nodes', 6, DEFAULT_QUALITY],
    ['50 nodes', 51, DEFAULT_QUALITY],
    ['20 nodes at 30 % loss, doubled and disordered datagrams', 21, ROUGH],
  ] as const)
    test(`[P-6.29] a copied card is flagged by all of ${what} within 10 s (${medium})`, () => {
      for (const [seed, bootOffset] of [
        [1, 0],
        [2, 1],
      ] as const) {
        const { world, isFlaggedBy } = worldWithCopy({ nodes, seed, medium, quality, bootOffset });
        form(world, nodes - 1);
        world.start(nodes - 1, [0, 2]);
        const all = world.hosts.map(({ index }) => index);
        const tookMs = world.runUntil(() => all.every(isFlaggedBy), FLAGGED_MS);
        assert.ok(
          tookMs !== undefined,
          `boot + ${bootOffset}: not yet by ${all.filter((host) => !isFlaggedBy(host))}`,
        );
        world.runFor(30_000);
        const boots = [CLONED, nodes - 1].map((host) => world.hosts[host].engine?.boot ?? 0);
        world.runFor(30_000);
        assert.deepEqual(
          [CLONED, nodes - 1].map((host) => world.hosts[host].engine?.boot),
          boots,
          'no boots are used up',
        );
        assert.ok(Math.max(...boots) <= 5, `${boots}`);
        // Nobody else suffers.
        const others = all.filter((host) => host !== CLONED && host !== nodes - 1);
        assert.ok(
          others.every((a) => others.every((b) => a === b || world.members.stateOf(a, b) !== 'down')),
        );
      }
    });

for (const medium of MEDIA)
  test(`restarts, stalls and jumping clocks on a rough network are no twins (${medium})`, () => {
    for (let seed = 1; seed <= 3; seed++) {
      const nodes = 12;
      const { world, twins } = worldWithCopy({ nodes, seed, medium, quality: ROUGH });
      const hosts = nodes - 1;
      form(world, hosts);
      for (let round = 0; round < 30; round++) {
        const host = 1 + (round % (hosts - 1));
        const lastsMs = 300 + 137 * (round % 20);
        if (round % 3 === 0) world.stall(host, lastsMs);
        else world.kill(host, { hostStaysUp: round % 2 === 0 });
        if (round % 5 === 0) world.stepClock((host + 1) % hosts, 4_000);
        world.runFor(lastsMs);
        if (round % 3 !== 0) world.start(host, [0, 2]);
        world.runFor(1_500);
      }
      world.runFor(20_000);
      assert.deepEqual(twins, [], `seed ${seed}`);
    }
  });
