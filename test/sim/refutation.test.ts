import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldOf } from './play.ts';

const NODES = 24;
const STALL_MS = 5_000;
/** Some hops of 2 ms and flushes of 10 ms. */
const PUSH_MS = 60;

// B-10, B-54
test('who returns from a stall is spoken of by each node to both of its neighbours: random copies leave nobody out', () => {
  const world = worldOf({ nodes: NODES });
  for (const host of world.hosts) world.start(host.index, [0]);
  assert.ok(world.runUntil(() => world.members.disagreements === 0, 60_000) !== undefined);
  world.runFor(10_000);
  const [stalled] = world.hosts;
  world.stall(stalled.index, STALL_MS);
  world.runFor(STALL_MS - 1);
  assert.ok(world.members.countAbout(stalled.index, 'down') > 0);

  const told = new Set<string>();
  const unicast = world.network.unicast.bind(world.network);
  world.network.unicast = (from, to, ...rest) => {
    told.add(`${from} to ${to}`);
    unicast(from, to, ...rest);
  };
  world.runFor(1 + PUSH_MS);
  assert.equal(world.members.countAbout(stalled.index, 'alive'), NODES - 1);
  const circle = world.hosts.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ index }) => index);
  const pairs = circle.flatMap((from, place) => {
    const to = circle[(place + 1) % NODES];
    return [`${from} to ${to}`, `${to} to ${from}`];
  });
  const missing = pairs.filter((pair) => !told.has(pair) && !pair.endsWith(`to ${stalled.index}`));
  assert.deepEqual(missing, []);
});
