import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldOf } from './play.ts';

const NODES = 40;
const SEEDS = [0, 1, 2, 3, 4];
const AGREE_MS_MAX = 30_000;
/** What one node may send in its worst second, all classes together; it takes about 40 kB. */
const PEAK_BYTES_MAX = 60_000;

for (const spreadMs of [0, 30_000]) {
  test(`${NODES} boards that start within ${spreadMs / 1_000} s at 20 % loss are one cluster, and no node floods the segment`, () => {
    // B-137
    const world = worldOf({ nodes: NODES, loss: 0.2 });
    for (const { index } of world.hosts) {
      const start = () => world.start(index, SEEDS);
      if (spreadMs === 0) start();
      else world.clock.after(world.random.next() * spreadMs, start);
    }
    world.runFor(spreadMs);
    const agreedMs = world.runUntil(() => world.members.disagreements === 0, AGREE_MS_MAX);
    assert.notEqual(agreedMs, undefined, world.members.describeDisagreements());
    const peaks = world.hosts.map(({ index }) => world.network.traffic(index).peakBytesPerSecond);
    assert.ok(Math.max(...peaks) <= PEAK_BYTES_MAX, `${Math.max(...peaks)} bytes in a second`);
  });
}
