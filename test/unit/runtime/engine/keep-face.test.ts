import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptOwner } from '#runtime/core/kept-table.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import type { GossipEngine } from '#runtime/engine/contract.ts';
import { Engine } from '#runtime/engine/engine.ts';
import { settingsOf } from '#runtime/engine/settings.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { World } from '#runtime/simulator/world.ts';

function worldOf(nodes: number, certificates = false): World {
  return new World(
    {
      nodes,
      seed: 1,
      medium: 'unicast',
      quality: DEFAULT_QUALITY,
      settings: settingsOf('lan'),
      certificates,
    },
    { provider: createNodeProvider(), createEngine: (options) => new Engine(options) },
  );
}

/** All that an engine holds, apart from it. */
function keptOf(engine: GossipEngine): KeptOwner[] {
  return engine.keep.changedSince(0).changed.map((kept) => ({ ...kept, entries: [...kept.entries] }));
}

test('only owners of whom something changed since the last look are shown', () => {
  const world = worldOf(3);
  world.startTogether([0, 1, 2]);
  world.runFor(5_000);
  const { engine } = world.hosts[0]!;
  const { revision, changed } = engine!.keep.changedSince(0);
  assert.equal(changed.length, 3);
  assert.deepEqual(engine!.keep.changedSince(revision).changed, []);
  world.put(1, 'soc', 1);
  world.runFor(1_000);
  const later = engine!.keep.changedSince(revision);
  assert.deepEqual(
    later.changed.map(({ owner }) => owner),
    [world.hosts[1]!.id],
  );
  world.put(1, 'temp', 1, { ttlMs: 2_000 });
  world.runFor(1_000);
  const before = engine!.keep.changedSince(0).revision;
  world.runFor(2_000);
  const [ended] = engine!.keep.changedSince(before).changed;
  assert.ok(
    [...ended!.entries].some(({ key, expired }) => key === 'temp' && expired),
    'its end is a change',
  );
});

for (const certificates of [false, true])
  test(`what an earlier life held is there before anything is said${certificates ? ', signatures checked' : ''}`, () => {
    const world = worldOf(4, certificates);
    for (const { index } of world.hosts) world.start(index, [0]);
    world.runFor(20_000);
    world.put(1, 'soc', 61, { unit: '%' });
    world.put(2, 'gone', 1);
    world.put(2, 'short', 1, { ttlMs: 5_000 });
    world.runFor(1_000);
    world.delete(2, 'gone');
    world.runFor(6_000);
    const host = world.hosts[3]!;
    const kept = keptOf(host.engine!);
    const records = () => host.engine!.records(host.localNow()).filter(({ owner }) => owner !== host.id);
    const before = records();
    const lines = kept.map(({ owner, known, gc }) => [owner, known, gc]);
    world.kill(3);
    world.runFor(1_000);
    const events: string[] = [];
    world.observe((seen) => {
      if (seen.type === 'event' && seen.node === host.id) events.push(seen.event.type);
    });
    host.disk.table = new Map(kept.map((each) => [each.owner, each]));
    world.start(3);
    const after = records();
    assert.deepEqual(
      after.map(({ ageMs, ...rest }) => rest),
      before.map(({ ageMs, ...rest }) => rest),
    );
    for (const [i, { ageMs }] of after.entries()) assert.equal(ageMs, before[i]!.ageMs + 1_000);
    const others = keptOf(host.engine!).filter(({ owner }) => owner !== host.id);
    assert.deepEqual(
      others.map(({ owner, known, gc }) => [owner, known, gc]).sort(),
      lines.filter(([owner]) => owner !== host.id).sort(),
    );
    assert.ok(events.includes('record') && events.includes('member'));
    world.runFor(3_000);
    assert.equal(world.members.disagreements, 0);
  });

test('what was changed on the medium is not taken back where owners sign', () => {
  const world = worldOf(3, true);
  for (const { index } of world.hosts) world.start(index, [0]);
  world.runFor(20_000);
  world.put(1, 'limit', 500);
  world.runFor(2_000);
  const host = world.hosts[2]!;
  const owner = world.hosts[1]!.id;
  const kept = keptOf(host.engine!).map((each) => ({
    ...each,
    entries: [...each.entries].map((entry) => {
      if (entry.key !== 'limit') return entry;
      const body = entry.body.slice();
      // The value 500 is two bytes behind the key.
      const at = body.lastIndexOf(0xf4);
      assert.ok(at > 0);
      body[at] = 0xf5;
      return { ...entry, body };
    }),
  }));
  world.kill(2);
  host.disk.table = new Map(kept.map((each) => [each.owner, each]));
  world.start(2);
  assert.deepEqual(host.engine!.records(0, { owner, key: 'limit' }), []);
  assert.ok(host.engine!.counters.drops['bad-signature'] > 0);
  const limit = () => host.engine!.records(0, { owner, key: 'limit' })[0]?.value;
  assert.ok(world.runUntil(() => limit() === 500, 20_000) !== undefined, 'its owner is asked for it');
});
