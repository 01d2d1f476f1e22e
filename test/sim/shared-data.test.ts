import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate } from '#runtime/coordination/aggregates/aggregate.ts';
import { SharedWorld } from '../support/shared-world.ts';
import { worldOf } from './play.ts';

const NAMES = ['count', 'set', 'map', 'mode', 'peak'];
const SETTLE_MS_MAX = 300_000;

/** A cluster with shared data, all nodes alive for each other. */
function formed(nodes: number, loss: number, seed: number): SharedWorld {
  const shared = new SharedWorld(worldOf({ nodes, loss, seed }));
  const { world } = shared;
  for (const host of world.hosts) shared.start(host.index);
  assert.notEqual(
    world.runUntil(() => world.members.disagreements === 0, 60_000),
    undefined,
    `seed ${seed}: ${world.members.describeDisagreements()}`,
  );
  return shared;
}

function assertAgrees(shared: SharedWorld, seed: number): void {
  const settledMs = shared.world.runUntil(() => shared.agrees(NAMES), SETTLE_MS_MAX);
  assert.notEqual(
    settledMs,
    undefined,
    `seed ${seed}: ${NAMES.map((name) => JSON.stringify(shared.values(name))).join('\n')}`,
  );
}

for (const { seed, loss } of [
  { seed: 1, loss: 0.1 },
  { seed: 2, loss: 0.3 },
  { seed: 3, loss: 0.2 },
]) {
  // I5, I6, I7, I8, B-70
  test(`shared data comes out the same on all, and no increment is lost or doubled, through loss of ${loss * 100} %, a partition, crashes and lost disks (seed ${seed})`, () => {
    const shared = formed(10, loss, seed);
    const { world } = shared;
    let counted = 0;
    const writeABit = () => {
      for (const { index } of world.living()) {
        shared.apply(index, 'pncounter', 'count', { op: 'increment', by: index - 3 });
        counted += index - 3;
        shared.apply(index, 'max', 'peak', { op: 'set', value: world.random.uint32() % 1_000 });
        const value = `e${world.random.uint32() % 6}`;
        const op = world.random.next() < 0.6 ? 'add' : 'remove';
        shared.apply(index, 'orset', 'set', { op, value });
        shared.apply(
          index,
          'lwwmap',
          'map',
          op === 'add' ? { op: 'set', key: value, value: index } : { op, key: value },
        );
        shared.apply(index, 'lww', 'mode', { op: 'set', value: index });
      }
    };
    writeABit();
    world.runFor(3_000);
    const hosts = world.hosts.map(({ index }) => index);
    world.partition([hosts.slice(0, 4), hosts.slice(4)]);
    for (let i = 0; i < 5; i++) {
      writeABit();
      world.runFor(4_000);
    }
    // Everybody on a side has heard of what is about to die there.
    for (const host of [1, 2, 8]) assertHeard(shared, host);
    for (const host of [1, 2, 8]) shared.kill(host);
    writeABit();
    world.runFor(20_000);
    world.heal();
    shared.start(1, { disk: 'lost' });
    shared.start(2);
    shared.start(8, { disk: 'lost' });
    world.runFor(10_000);
    writeABit();
    assertAgrees(shared, seed);
    assert.deepEqual(new Set(shared.values('count')), new Set([counted]), `seed ${seed}`);
    // What nobody changes any more isn't written any more.
    world.runFor(60_000);
    let writes = 0;
    world.observe((observation) => {
      if (observation.type === 'event' && observation.event.type === 'record') writes++;
    });
    world.runFor(120_000);
    assert.equal(writes, 0, `seed ${seed}`);
  });
}

/** Runs until somebody else holds the present slots of a host. */
function assertHeard(shared: SharedWorld, host: number): void {
  const { world } = shared;
  const { id } = world.hosts[host];
  const keys = ['crdt/pncounter/count', 'crdt/orset/set', 'crdt/lwwmap/map'];
  const others = world
    .living()
    .filter(({ index }) => index !== host && index !== 1 && index !== 2 && index !== 8);
  const heard = world.runUntil(
    () =>
      keys.every((key) =>
        others.some(
          ({ index }) =>
            JSON.stringify(shared.slot(index, id, key)) === JSON.stringify(shared.slot(host, id, key)),
        ),
      ),
    60_000,
  );
  assert.notEqual(heard, undefined);
}

test('a node that stays away keeps its counts in the sum, and newcomers see it', () => {
  const shared = formed(5, 0.1, 4);
  const { world } = shared;
  for (const { index } of world.living())
    shared.apply(index, 'gcounter', 'count', { op: 'increment', by: 10 });
  assertHeard4(shared);
  shared.kill(4);
  world.runUntil(() => world.members.countAbout(4, 'down') === 4, 60_000);
  shared.kill(3);
  shared.start(3, { disk: 'lost' });
  assert.notEqual(
    world.runUntil(() => shared.values('count').every((value) => value === 50), SETTLE_MS_MAX),
    undefined,
  );
});

function assertHeard4(shared: SharedWorld): void {
  const all = () => shared.values('count').every((value) => value === 50);
  assert.notEqual(shared.world.runUntil(all, 60_000), undefined);
}

test('an aggregate is of all nodes or unknown, never a partial sum, while nodes come, go and are cut off', () => {
  const { world } = formed(8, 0.2, 5);
  const put = () => {
    for (const { index } of world.living()) world.put(index, 'power', 100, { unit: 'W', ttlMs: 10_000 });
  };
  let known = 0;
  let unknown = 0;
  const ask = () => {
    for (const host of world.living()) {
      const { groups } = host.mutate((engine, nowMs) =>
        aggregate(
          { key: 'power', function: 'sum', minCoverage: 1, maxAgeMs: 6_000 },
          engine.members(nowMs),
          engine.records(nowMs, { key: 'power' }),
        ),
      );
      const [group] = groups;
      if (group?.value === null) unknown++;
      else {
        known++;
        assert.equal(group?.value, 800);
        assert.ok((group?.oldestMs ?? Number.POSITIVE_INFINITY) <= 6_000);
      }
    }
  };
  for (let second = 0; second < 60; second++) {
    if (second === 20) world.kill(7);
    if (second === 30)
      world.partition([
        [0, 1, 2],
        [3, 4, 5, 6],
      ]);
    if (second === 40) world.heal();
    if (second === 45) world.start(7, [0]);
    if (second % 2 === 0) put();
    world.runFor(1_000);
    ask();
  }
  assert.ok(known > 100 && unknown > 100, `${known} known, ${unknown} unknown`);
});
