import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TwoWayNode, TwoWays } from '../support/two-ways.ts';

/** As many as one source may have sessions, and some from elsewhere. */
const CALLERS = 150;

const downsOf = (nodes: readonly TwoWayNode[]) =>
  nodes.flatMap(({ events }) => events).filter((event) => event.type === 'member' && event.to === 'down');

// B-6
test('[P-6.2] a hundred and fifty boards that only call one gate do not accuse each other, and miss the one that dies', () => {
  // Who is a member is told fast: what counts here is how they are asked after.
  const world = new TwoWays({
    settings: { membershipBytesPerSecond: 10_000_000, syncBytesPerSecond: 10_000_000 },
  });
  const gate = world.add('gate', { listens: true });
  const callers = Array.from({ length: CALLERS }, (_, i) => world.add(`board${i}`, { udp: false }));
  const all = [gate, ...callers];
  for (const caller of callers) world.join(caller, gate, 'http');
  world.until(() => all.every(({ engine }) => engine.gauges().members === CALLERS), {
    withinMs: 60_000,
    what: 'all see all',
  });
  world.run(30_000);
  const refutations = () =>
    all.reduce((sum, { engine }) => sum + (engine.members(world.nowMs)[0]?.incarnation ?? 0), 0);
  const before = refutations();
  world.run(30_000);
  assert.equal(refutations(), before, 'nobody had to refute anything');
  assert.deepEqual(downsOf(all), []);
  const [dead] = callers as [TwoWayNode];
  dead.alive = false;
  world.run(20_000);
  const others = all.filter((node) => node !== dead);
  for (const node of others) assert.equal(world.view(node, dead)?.state, 'down', node.name);
  assert.equal(downsOf(others).length, others.length, 'and nobody else');
});
