import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from '#runtime/simulator/world.ts';
import { worldOf } from './play.ts';

const FORM_MS_MAX = 60_000;
const LEAVE_MS_MAX = 10_000;

/** Starts all nodes through the first one and waits until they agree. */
function formed(world: World): World {
  for (const host of world.hosts) world.start(host.index, [0]);
  assert.notEqual(
    world.runUntil(() => world.members.disagreements === 0, FORM_MS_MAX),
    undefined,
    world.members.describeDisagreements(),
  );
  return world;
}

for (const { nodes, loss } of [
  { nodes: 3, loss: 0 },
  { nodes: 10, loss: 0 },
  { nodes: 10, loss: 0.3 },
  { nodes: 50, loss: 0.1 },
]) {
  // B-100
  test(`a node that leaves is left, never down, on all of ${nodes} nodes at ${loss * 100} % loss`, () => {
    const world = formed(worldOf({ nodes, loss }));
    const leaver = world.hosts[1];
    let downs = 0;
    world.observe((observation) => {
      if (observation.type === 'event' && observation.event.type === 'member')
        downs += Number(observation.event.id === leaver.id && observation.event.to === 'down');
    });
    world.leave(leaver.index);
    const leftMs = world.runUntil(
      () => leaver.state === 'off' && world.members.countAbout(leaver.index, 'left') === nodes - 1,
      LEAVE_MS_MAX,
    );
    assert.notEqual(leftMs, undefined, `${world.members.countAbout(leaver.index, 'left')} say left`);
    world.runFor(30_000);
    assert.equal(downs, 0);
    assert.equal(world.members.countAbout(leaver.index, 'left'), nodes - 1);
  });
}

// B-103
test('a node that left comes back under its next boot', () => {
  const world = formed(worldOf({ nodes: 5 }));
  world.leave(2);
  world.runUntil(() => world.hosts[2].state === 'off', LEAVE_MS_MAX);
  world.start(2, [0]);
  assert.equal(world.hosts[2].boot, 2);
  assert.notEqual(
    world.runUntil(() => world.members.countAbout(2, 'alive') === 4, FORM_MS_MAX),
    undefined,
    world.members.describeDisagreements(),
  );
});
