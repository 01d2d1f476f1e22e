import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Roster } from '#runtime/core/roster.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { EnginePump, type NodeChoices, type PumpNode } from '../../../support/engine-pump.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';

const NAME = 'uplink';
const id = (index: number) => index.toString(16).padStart(2, '0').repeat(16);
const rosterOf = (count: number): Roster => ({
  version: 1,
  voters: Array.from({ length: count }, (_, i) => id(i + 1)),
  previous: [],
});

interface Bench {
  readonly pump: EnginePump;
  readonly nodes: readonly PumpNode[];
  own(node: PumpNode): string;
  take(node: PumpNode, ttlMs?: number): number;
  ends(node: PumpNode): (string | null)[];
}

function bench(count: number, voters = count, choices: NodeChoices = {}): Bench {
  const pump = new EnginePump();
  return around(pump, pump.cluster(count, { leases: { roster: rosterOf(voters) }, ...choices }));
}

function around(pump: EnginePump, nodes: readonly PumpNode[]): Bench {
  const own = (node: PumpNode) => node.engine.leases.own(pump.nowMs, NAME)?.state ?? 'none';
  return {
    pump,
    nodes,
    own,
    take(node, ttlMs = 5_000) {
      pump.mutate(node, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { ttlMs }));
      pump.until(() => own(node) === 'held', 10_000, 'held');
      return node.engine.leases.own(pump.nowMs, NAME)?.fence ?? 0;
    },
    ends: (node) => node.eventsOf('lease').map(({ end }) => end),
  };
}

test('a lease is had in a round trip and a write, renewed, seen by all and released', () => {
  const { pump, nodes, take, own } = bench(4, 3);
  const [ann, ben, , dan] = nodes;
  const startMs = pump.nowMs;
  const fence = take(dan);
  assert.ok(pump.nowMs - startMs <= 20, `${pump.nowMs - startMs} ms`);
  pump.run(30_000);
  assert.equal(own(dan), 'held');
  for (const node of nodes) {
    const [lease] = node.engine.leases.view(pump.nowMs).leases;
    assert.deepEqual(
      { ...lease, own: null },
      { name: NAME, state: 'held', holder: dan.id, node: 'n4', fence, ttlMs: 5_000, votes: 3, own: null },
    );
  }
  pump.mutate(dan, (engine, nowMs) => engine.leases.release(nowMs, NAME));
  assert.equal(own(dan), 'none');
  assert.ok(take(ann) > fence);
  assert.equal(own(ben), 'none');
});

test('who asks for a held lease gets it when the holder crashes, not before its time is over', () => {
  const { pump, nodes, take, own } = bench(4, 3);
  const [ann, , , dan] = nodes;
  const fence = take(dan);
  pump.kill(dan);
  const killedMs = pump.nowMs;
  pump.mutate(ann, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { ttlMs: 5_000 }));
  pump.until(() => own(ann) === 'held', 20_000, 'taken over');
  assert.ok(pump.nowMs - killedMs >= 4_000 && pump.nowMs - killedMs <= 6_500, `${pump.nowMs - killedMs}`);
  assert.ok((ann.engine.leases.own(pump.nowMs, NAME)?.fence ?? 0) > fence);
});

test('a holder that hears nobody stops by its own clock, also if no timer ran', () => {
  const { pump, nodes, take, own, ends } = bench(3);
  const [ann] = nodes;
  take(ann, 5_000);
  pump.drop = () => true;
  const leftMs = ann.engine.leases.own(pump.nowMs, NAME)?.leftMs ?? 0;
  assert.ok(leftMs > 0 && leftMs <= 4_500);
  // Asked with the clock as it is, before the engine was called again.
  assert.equal(ann.engine.leases.own(pump.nowMs + leftMs, NAME), undefined);
  assert.equal(own(ann), 'held');
  pump.run(leftMs);
  assert.deepEqual(ends(ann), [null, 'lapsed']);
});

test('in a minority nobody gets anything, and who gives up says why', () => {
  const { pump, nodes, ends } = bench(3);
  const [ann] = nodes;
  pump.drop = () => true;
  pump.mutate(ann, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { waitMs: 3_000 }));
  pump.run(3_500);
  assert.deepEqual(ends(ann), ['no-majority']);
  pump.drop = () => false;
  pump.run(1_000);
  assert.equal(
    nodes[1].engine.leases.view(pump.nowMs).leases.some(({ state }) => state === 'held'),
    false,
  );
});

test('bad requests are refused with the next step, and change nothing', () => {
  const { pump, nodes, take } = bench(1);
  const [ann] = nodes;
  const acquire = (name: string, options = {}) =>
    pump.mutate(ann, (engine, nowMs) => engine.leases.acquire(nowMs, name, options));
  assert.throws(() => acquire('a/b'), { code: 'E_LEASE', message: /not a path/ });
  assert.throws(() => acquire('a'.repeat(65)), { code: 'E_LEASE', message: /at most 64/ });
  for (const ttlMs of [0, 1_999, 60_001, 2_000.5, Number.NaN])
    assert.throws(() => acquire(NAME, { ttlMs }), { code: 'E_LEASE', message: /2000 to 60000 ms/ });
  take(ann);
  assert.throws(() => acquire(NAME), { code: 'E_LEASE', message: /holds it already/ });
  for (let i = 1; i < 32; i++) acquire(`n${i}`);
  assert.throws(() => acquire('one-more'), { code: 'E_QUOTA' });
  assert.throws(() => pump.mutate(ann, (engine, nowMs) => engine.leases.release(nowMs, 'other')), {
    code: 'E_NOT_FOUND',
  });
  const alone = new EnginePump().add();
  assert.throws(() => alone.engine.leases.acquire(0, NAME), {
    code: 'E_LEASE',
    message: /nobody votes on leases here; name the voters under leases in the configuration/,
  });
  assert.equal(alone.engine.leases.view(0).voter.standing, 'no-roster');
});

test('a voter whose medium takes nothing abstains until it does', () => {
  const { pump, nodes, take, own, ends } = bench(1);
  const [ann] = nodes;
  ann.diskWorks = false;
  pump.mutate(ann, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { waitMs: 2_000 }));
  pump.run(1_000);
  assert.equal(own(ann), 'asking');
  assert.equal(ann.engine.leases.view(pump.nowMs).voter.standing, 'unsaved');
  pump.run(3_000);
  assert.deepEqual(ends(ann), ['no-majority']);
  ann.diskWorks = true;
  pump.run(6_000);
  assert.equal(ann.engine.leases.view(pump.nowMs).voter.standing, 'votes');
  take(ann);
});

test('a voter that lost its storage waits, learns from the others, and votes above what it learnt', () => {
  const pump = new EnginePump();
  const roster = rosterOf(3);
  const nodes = pump.cluster([
    { leases: { roster } },
    { leases: { roster } },
    { leases: { roster, kept: 'lost' } },
  ]);
  const { take } = around(pump, nodes);
  const [ann, , cat] = nodes;
  const standing = () => cat.engine.leases.view(pump.nowMs).voter.standing;
  assert.equal(standing(), 'waits');
  for (let i = 0; i < 3; i++) {
    take(ann);
    pump.mutate(ann, (engine, nowMs) => engine.leases.release(nowMs, NAME));
  }
  pump.run(50_000);
  assert.equal(standing(), 'waits');
  pump.until(() => standing() === 'votes', 15_000, 'learnt');
  assert.ok(cat.keptLeases !== undefined);
});

test('where a majority lost its storage only an operator goes on', () => {
  const { pump, nodes, take } = bench(1, 1, { leases: { roster: rosterOf(1), kept: 'lost' } });
  const [ann] = nodes;
  pump.run(70_000);
  assert.deepEqual(ann.engine.leases.view(pump.nowMs).voter, {
    standing: 'learns',
    missing: 1,
    waitMs: null,
    givenVersion: null,
    promises: 0,
  });
  assert.throws(() => pump.mutate(ann, (engine, nowMs) => engine.leases.recover(nowMs, -1)), {
    code: 'E_LEASE',
  });
  pump.mutate(ann, (engine, nowMs) => engine.leases.recover(nowMs, 1_000));
  assert.equal(take(ann), 1_001);
});

test('a voter of which others know more than it does itself takes its storage for an old one', () => {
  const { pump, nodes } = bench(3);
  const [ann] = nodes;
  pump.mutate(ann, (engine, nowMs) => engine.adoptBoot(nowMs, 7));
  assert.equal(ann.engine.leases.view(pump.nowMs).voter.standing, 'waits');
  pump.until(() => ann.engine.leases.view(pump.nowMs).voter.standing === 'votes', 70_000, 'learnt');
  assert.ok(makeVersion(7, 0) < ann.engine.knownOf(ann.id));
});

test('a changed roster under a holder costs it the lease only if the voters do not follow', () => {
  const { pump, nodes, take, own } = bench(5, 3);
  const dan = nodes[3];
  const fence = take(dan, 5_000);
  const next: Roster = { version: 2, voters: [id(3), id(4), id(5)], previous: [id(1), id(2), id(3)] };
  for (const node of nodes) {
    pump.mutate(node, (engine, nowMs) => engine.leases.setRoster(nowMs, next));
    pump.run(1_000);
  }
  pump.run(20_000);
  assert.equal(own(dan), 'held');
  assert.equal(dan.engine.leases.own(pump.nowMs, NAME)?.fence, fence);
  assert.throws(() => dan.engine.leases.setRoster(pump.nowMs, { version: 3, voters: [], previous: [] }), {
    code: 'E_LEASE',
  });
});

test('who leaves lets its leases go first', () => {
  const { pump, nodes, take, own } = bench(3);
  const [ann, ben] = nodes;
  take(ann, 60_000);
  pump.mutate(ann, (engine, nowMs) => engine.leave(nowMs));
  pump.mutate(ben, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, {}));
  pump.until(() => own(ben) === 'held', 5_000, 'taken over');
});

test('where lives are proven, questions and answers without a valid MAC count for nothing', () => {
  const group = new TrustedGroup(3);
  const pump = new EnginePump();
  const roster = { version: 1, voters: [0, 1, 2].map((index) => group.id(index)), previous: [] };
  const nodes = pump.cluster(
    [0, 1, 2].map((index) => ({ ...group.choices(index, { proofs: true }), leases: { roster } })),
  );
  const { take, own } = around(pump, nodes);
  const [ann, ben, cat] = nodes;
  take(ann);
  pump.mutate(ann, (engine, nowMs) => engine.leases.release(nowMs, NAME));
  // Nobody can check what cat says, nor can cat check the others.
  group.unknown.add(cat.id);
  take(ben);
  pump.mutate(ben, (engine, nowMs) => engine.leases.release(nowMs, NAME));
  pump.mutate(cat, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { waitMs: 3_000 }));
  pump.run(4_000);
  assert.equal(own(cat), 'none');
});

test('[P-17.13] an identity that lives twice loses what it holds, gets nothing more, and does not vote', () => {
  const { pump, nodes, take, own, ends } = bench(5, 3);
  const [ann, , , dan, eva] = nodes;
  take(dan);
  const copy = pump.add({ id: dan.id, name: 'n4', leases: { roster: rosterOf(3) } });
  pump.join(copy, ann);
  pump.until(() => own(dan) === 'none', 10_000, 'lost');
  assert.deepEqual(ends(dan), [null, 'twin']);
  for (const twin of [dan, copy])
    pump.mutate(twin, (engine, nowMs) => engine.leases.acquire(nowMs, NAME, { waitMs: 5_000 }));
  for (let i = 0; i < 100; i++) {
    pump.run(100);
    for (const twin of [dan, copy]) assert.notEqual(own(twin), 'held');
  }
  take(eva);
  pump.kill(copy);
  pump.mutate(eva, (engine, nowMs) => engine.leases.release(nowMs, NAME));
  pump.run(140_000);
  take(dan);
});
