import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVersion } from '#runtime/core/version.ts';
import type { MemberState } from '#runtime/core/views.ts';
import { MemberTable } from '#runtime/membership/member-table.ts';
import type { DeclaredState, NodeFacts } from '#runtime/membership/node-facts.ts';
import { ANN, BEN, CEM } from '../../../support/wire.ts';

/** A member table with one member, and what was told of it. */
class World {
  readonly steps: string[] = [];
  readonly table = new MemberTable((member, from) =>
    this.steps.push(`${from ?? 'unknown'} > ${member.state}`),
  );
  #sequence = 0;

  declare(state: DeclaredState, incarnation = 0, boot = 1): void {
    this.#sequence++;
    this.replay(state, incarnation, makeVersion(boot, this.#sequence));
  }

  replay(state: DeclaredState, incarnation: number, version: number): void {
    const facts: NodeFacts = { name: 'ann', incarnation, state, endpoints: [], tags: {}, protocol: 1 };
    this.table.applyFacts(ANN, version, facts, 1_000);
  }

  accuse(incarnation = 0, accuser = BEN, boot = 1): 'news' | 'old' | 'unknown' {
    const accusation = {
      accuser,
      boot,
      incarnation,
      stage: 'suspect',
      madeAtMs: 1_000,
      heardAtMs: 1_000,
    } as const;
    return this.table.accuse(ANN, accusation, 1_000);
  }

  down(): void {
    const member = this.table.get(ANN);
    if (member !== undefined) this.table.declareDown(member, 1_000);
  }

  get state(): MemberState | undefined {
    return this.table.get(ANN)?.state;
  }

  takeSteps(): string[] {
    return this.steps.splice(0);
  }
}

/** A world whose member is in this state, at incarnation 3. */
function worldAt(state: MemberState): World {
  const world = new World();
  world.declare(state === 'joining' || state === 'leaving' || state === 'left' ? state : 'alive', 3);
  if (state === 'suspect' || state === 'down') world.accuse(3);
  if (state === 'down') world.down();
  assert.equal(world.state, state);
  world.takeSteps();
  return world;
}

test('a new member is told once, and hearing the same again tells nothing', () => {
  // B-33, B-34
  const world = new World();
  world.replay('alive', 0, makeVersion(1, 5));
  world.replay('alive', 0, makeVersion(1, 5));
  world.replay('alive', 0, makeVersion(1, 4));
  world.replay('leaving', 0, makeVersion(1, 3));
  assert.deepEqual(world.takeSteps(), ['unknown > alive']);
});

test('what a member says of itself moves it as the table of transitions has it', () => {
  // B-34, B-38, B-42
  const cases: [MemberState, DeclaredState, 'same' | 'next', MemberState][] = [
    ['joining', 'alive', 'same', 'alive'],
    ['alive', 'alive', 'next', 'alive'],
    ['alive', 'leaving', 'same', 'leaving'],
    ['alive', 'left', 'same', 'left'],
    ['suspect', 'alive', 'same', 'suspect'],
    ['suspect', 'alive', 'next', 'alive'],
    ['suspect', 'leaving', 'same', 'leaving'],
    ['suspect', 'left', 'same', 'left'],
    ['down', 'alive', 'same', 'down'],
    ['down', 'alive', 'next', 'alive'],
    ['down', 'left', 'same', 'left'],
    ['leaving', 'left', 'same', 'left'],
    ['left', 'left', 'next', 'left'],
  ];
  for (const [from, declared, incarnation, to] of cases) {
    const world = worldAt(from);
    world.declare(declared, incarnation === 'same' ? 3 : 4);
    assert.equal(world.state, to, `${from}, ${declared} of the ${incarnation} incarnation`);
    assert.deepEqual(world.takeSteps(), from === to ? [] : [`${from} > ${to}`]);
  }
});

test('a new boot is alive whatever the old one was', () => {
  // B-49
  for (const state of ['alive', 'suspect', 'down', 'leaving', 'left'] as const) {
    const world = worldAt(state);
    world.declare('alive', 0, 2);
    assert.equal(world.state, 'alive', state);
    assert.equal(world.table.get(ANN)?.boot, 2);
  }
});

test('an accusation moves a member as the table of transitions has it', () => {
  // B-27, B-39, B-41
  const cases: [MemberState, number, MemberState][] = [
    ['joining', 3, 'suspect'],
    ['alive', 3, 'suspect'],
    ['alive', 2, 'alive'],
    ['suspect', 3, 'suspect'],
    ['down', 3, 'down'],
    ['leaving', 3, 'leaving'],
    ['left', 3, 'left'],
  ];
  for (const [from, incarnation, to] of cases) {
    const world = worldAt(from);
    world.accuse(incarnation, CEM);
    assert.equal(world.state, to, `${from}, accused at ${incarnation}`);
    assert.deepEqual(world.takeSteps(), from === to ? [] : [`${from} > ${to}`]);
  }
});

test('an accusation of nobody known makes no member, one of another boot changes none', () => {
  // B-28, B-45
  const world = new World();
  assert.equal(world.accuse(), 'unknown');
  assert.equal(world.table.size, 0);
  world.declare('alive', 0, 2);
  assert.equal(world.accuse(0, BEN, 1), 'old');
  assert.equal(world.state, 'alive');
});

test('replayed facts of the accused life leave a down member down', () => {
  // B-38
  const world = new World();
  world.replay('alive', 0, makeVersion(1, 5));
  world.accuse();
  world.down();
  world.replay('alive', 0, makeVersion(1, 5));
  world.replay('alive', 0, makeVersion(1, 6));
  assert.equal(world.state, 'down');
});

test('a second verdict is silent', () => {
  // B-39
  const world = worldAt('down');
  world.down();
  assert.deepEqual(world.takeSteps(), []);
});

test('a suspicion ends when its last accuser takes it back, a down does not', () => {
  const world = worldAt('suspect');
  world.accuse(3, CEM);
  world.table.withdraw(ANN, BEN, 2_000);
  assert.equal(world.state, 'suspect');
  world.table.withdraw(ANN, CEM, 2_000);
  assert.equal(world.state, 'alive');
  const down = worldAt('down');
  down.table.withdraw(ANN, BEN, 2_000);
  assert.equal(down.state, 'down');
});

test('proof of life revives a down member only where nobody accuses it any more', () => {
  const world = worldAt('down');
  const member = world.table.get(ANN)!;
  world.table.revive(member, 2_000);
  assert.equal(world.state, 'down');
  world.table.withdraw(ANN, BEN, 2_000);
  world.table.revive(member, 2_000);
  assert.equal(world.state, 'alive');
});

test('a leaving member that falls silent has left', () => {
  // B-101
  const world = worldAt('leaving');
  world.down();
  assert.equal(world.state, 'left');
});

test('those that take part are counted through all changes', () => {
  const world = worldAt('alive');
  assert.equal(world.table.presentCount, 1);
  world.accuse(3);
  assert.equal(world.table.presentCount, 1);
  world.down();
  assert.equal(world.table.presentCount, 0);
  world.declare('alive', 4);
  assert.equal(world.table.presentCount, 1);
  world.declare('left', 4);
  assert.equal(world.table.presentCount, 0);
  world.declare('alive', 0, 2);
  world.table.forget(ANN, 0);
  world.table.forget(ANN, 0);
  assert.deepEqual([world.table.presentCount, world.table.size], [0, 0]);
});

test('the list of addresses stays small however often a member moves', () => {
  const world = worldAt('alive');
  const member = world.table.get(ANN)!;
  for (let i = 0; i < 10_000; i++) {
    const endpoint = { transport: 'udp', address: '10.0.0.1', port: i + 1 } as const;
    world.table.observe(member, endpoint, `udp/10.0.0.1:${i + 1}`);
  }
  const found = Array.from({ length: 10_000 }, (_, i) => world.table.atEndpoint(`udp/10.0.0.1:${i + 1}`));
  assert.ok(found.filter((each) => each !== undefined).length <= 100);
});

test('an accusation against one member says nothing of the others, and nobody accuses one that comes later', () => {
  const world = new World();
  world.declare('alive');
  const facts: NodeFacts = {
    name: 'cem',
    incarnation: 0,
    state: 'alive',
    endpoints: [],
    tags: {},
    protocol: 1,
  };
  const cem = world.table.applyFacts(CEM, makeVersion(1, 1), facts, 1_000);
  assert.equal(world.accuse(), 'news');
  assert.equal(world.table.get(ANN)?.suspicion.size, 1);
  assert.equal(cem.suspicion.size, 0);
  const ben = world.table.applyFacts(BEN, makeVersion(1, 1), { ...facts, name: 'ben' }, 1_000);
  assert.equal(ben.suspicion.size, 0);
  assert.equal(ben.state, 'alive');
});
