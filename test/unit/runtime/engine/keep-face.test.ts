import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate } from '#runtime/coordination/aggregates/aggregate.ts';
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

/** What an earlier life held, after a power cut that lasted nobody knows how long. */
function ofUnknownAge(kept: readonly KeptOwner[]): Map<string, KeptOwner> {
  const entriesOf = ({ entries }: KeptOwner) =>
    [...entries].map((entry) => ({ ...entry, ageBoundMs: Number.POSITIVE_INFINITY }));
  return new Map(kept.map((each) => [each.owner, { ...each, entries: entriesOf(each) }]));
}

for (const certificates of [false, true])
  test(`[P-5.30] after a power cut ages are unknown until their owners are heard, and what is to end is not there${certificates ? ', lives proven' : ''}`, () => {
    const world = worldOf(4, certificates);
    for (const { index } of world.hosts) world.start(index, [0]);
    world.runFor(20_000);
    world.put(1, 'soc', 61);
    world.put(2, 'setpoint', 5, { ttlMs: 600_000 });
    world.put(2, 'after', 6);
    world.runFor(2_000);
    const host = world.hosts[3]!;
    const recordOf = (key: string) => host.engine!.records(host.localNow(), { key })[0];
    const kept = keptOf(host.engine!);
    world.kill(3);
    host.disk.table = ofUnknownAge(kept);
    world.start(3, [0]);
    assert.equal(recordOf('soc')?.ageBoundMs, Number.POSITIVE_INFINITY);
    assert.equal(recordOf('after')?.value, 6);
    assert.equal(recordOf('setpoint'), undefined);
    const maxAgeMs = 3_600_000;
    const query = { key: 'soc', function: 'count', minCoverage: 0, maxAgeMs } as const;
    const count = () => {
      const nowMs = host.localNow();
      return aggregate(query, host.engine!.members(nowMs), host.engine!.records(nowMs, { key: 'soc' }));
    };
    assert.ok(
      count().groups[0]!.leftOut.some(({ id, reason }) => id === world.hosts[1]!.id && reason === 'old'),
    );
    const heard = () => Number.isFinite(recordOf('soc')?.ageBoundMs ?? Number.POSITIVE_INFINITY);
    assert.ok(world.runUntil(() => heard() && recordOf('setpoint')?.value === 5, 60_000) !== undefined);
    assert.ok(!count().groups[0]!.leftOut.some(({ id }) => id === world.hosts[1]!.id));
    const setpoint = recordOf('setpoint')!;
    assert.ok(setpoint.ageMs >= 2_000 && setpoint.ageMs < 70_000, `${setpoint.ageMs}`);
  });

test('[P-5.30] a node that hears of a record from one that does not know its age does not know it either', () => {
  const world = worldOf(3);
  for (const { index } of world.hosts) world.start(index, [0]);
  world.runFor(20_000);
  world.put(1, 'soc', 61);
  world.runFor(2_000);
  const [fresh, , keeper] = world.hosts;
  const kept = keptOf(keeper!.engine!);
  for (const { index } of world.hosts) world.kill(index);
  keeper!.disk.table = ofUnknownAge(kept);
  world.start(2);
  world.start(0, [2]);
  const soc = () => fresh!.engine!.records(fresh!.localNow(), { key: 'soc' })[0];
  assert.ok(world.runUntil(() => soc() !== undefined, 20_000) !== undefined);
  assert.equal(soc()!.ageBoundMs, Number.POSITIVE_INFINITY);
  world.start(1, [0]);
  assert.ok(
    world.runUntil(() => soc() === undefined, 20_000) !== undefined,
    'its owner did not put it again',
  );
});
