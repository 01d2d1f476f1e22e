import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { TrustedGroup } from '../../../support/trusted-group.ts';

function knows(pump: EnginePump, node: PumpNode, id: string): boolean {
  return pump.stateOf(node, id) !== undefined || node.engine.records(pump.nowMs, { owner: id }).length > 0;
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    assert.ok((error as Error).message.length > 30);
    return (error as { code: string }).code;
  }
}

function forget(pump: EnginePump, node: PumpNode, id: string): void {
  pump.mutate(node, (engine, nowMs) => engine.forget(nowMs, id));
}

/** Four nodes, of which the last has written and died. */
function scene(choices = {}) {
  const pump = new EnginePump(choices);
  const nodes = pump.cluster(4);
  const dead = nodes[3];
  for (const key of ['a', 'b']) pump.mutate(dead, (engine, nowMs) => engine.put(nowMs, key, 1));
  pump.run(2_000);
  pump.kill(dead);
  pump.until(() => pump.stateOf(nodes[0], dead.id) === 'down', 30_000, 'it is down');
  return { pump, nodes: nodes.slice(0, 3), dead };
}

test('a dead member that is forgotten on one node goes from all, with its records, and is an event on each', () => {
  const { pump, nodes, dead } = scene();
  forget(pump, nodes[0], dead.id);
  assert.ok(!knows(pump, nodes[0], dead.id));
  pump.until(() => !nodes.some((node) => knows(pump, node, dead.id)), 60_000, 'all forgot it');
  for (const node of nodes) {
    assert.equal(
      node.eventsOf('member').filter(({ id, to }) => id === dead.id && to === undefined).length,
      1,
    );
    const forgotten = node.eventsOf('record').filter(({ change }) => change === 'forget');
    assert.deepEqual(forgotten.map(({ record }) => record.key).sort(), ['a', 'b']);
  }
  pump.run(120_000);
  assert.ok(!nodes.some((node) => knows(pump, node, dead.id)));
});

test('who was away meanwhile does not bring it back', () => {
  // Pain: ghosts come back from a member that lagged.
  const { pump, nodes, dead } = scene();
  const [ann, ben, cem] = nodes;
  pump.until(() => pump.stateOf(cem, dead.id) === 'down', 30_000, 'cem knows');
  pump.drop = (from, to) => from === cem || to === cem;
  forget(pump, ann, dead.id);
  pump.run(30_000);
  assert.ok(knows(pump, cem, dead.id));
  pump.drop = () => false;
  pump.until(() => !knows(pump, cem, dead.id), 120_000, 'cem forgot it too');
  assert.ok(!knows(pump, ann, dead.id) && !knows(pump, ben, dead.id));
});

test('a member that is alive, this node, and one that nobody knows are not forgotten', () => {
  const { pump, nodes, dead } = scene();
  const [ann, ben] = nodes;
  const before = ben.engine.members(pump.nowMs).length;
  assert.equal(
    codeOf(() => forget(pump, ann, ben.id)),
    'E_MEMBER_ALIVE',
  );
  assert.equal(
    codeOf(() => forget(pump, ann, ann.id)),
    'E_MEMBER_ALIVE',
  );
  assert.equal(
    codeOf(() => forget(pump, ann, 'ee'.repeat(16))),
    'E_NOT_FOUND',
  );
  forget(pump, ann, dead.id);
  assert.equal(
    codeOf(() => forget(pump, ann, dead.id)),
    'E_NOT_FOUND',
  );
  pump.run(20_000);
  assert.equal(ben.engine.members(pump.nowMs).length, before - 1);
});

test('one that starts again comes back as itself', () => {
  const { pump, nodes, dead } = scene();
  forget(pump, nodes[0], dead.id);
  pump.run(30_000);
  const again = pump.add({ id: dead.id, boot: 2 });
  pump.mutate(again, (engine, nowMs) => engine.put(nowMs, 'a', 2));
  pump.join(again, nodes[1]);
  const isBack = (node: PumpNode) =>
    pump.stateOf(node, dead.id) === 'alive' && pump.read(node, dead.id, 'a')?.value === 2;
  pump.until(() => nodes.every(isBack), 30_000, 'it is back');
  for (const node of nodes) assert.equal(pump.read(node, dead.id, 'b'), undefined);
});

test('one that was only cut off comes back with all that it has, under a new boot', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const [ann, ben, cem, far] = nodes;
  for (const key of ['a', 'b']) pump.mutate(far, (engine, nowMs) => engine.put(nowMs, key, 1));
  pump.run(2_000);
  pump.drop = (from, to) => (from === far) !== (to === far);
  pump.until(() => pump.stateOf(ann, far.id) === 'down', 30_000, 'it is down');
  forget(pump, ann, far.id);
  pump.run(20_000);
  pump.mutate(far, (engine, nowMs) => engine.put(nowMs, 'c', 1));
  pump.drop = () => false;
  const adopted = new Set<number>();
  const isBack = (node: PumpNode) =>
    pump.stateOf(node, far.id) === 'alive' &&
    ['a', 'b', 'c'].every((key) => pump.read(node, far.id, key)?.value === 1);
  pump.until(
    () => {
      // What its driver does.
      for (const { seenBoot } of far.eventsOf('boot-behind')) {
        if (adopted.has(seenBoot)) continue;
        adopted.add(seenBoot);
        pump.mutate(far, (engine, nowMs) => engine.adoptBoot(nowMs, seenBoot + 1));
      }
      return [ann, ben, cem].every(isBack);
    },
    120_000,
    'it is back',
  );
  assert.ok(far.engine.boot > 2);
});

test('in a cluster of certificates nobody can make others forget what a member signed', () => {
  const pump = new EnginePump();
  const group = new TrustedGroup(2);
  const [ann, ben] = pump.cluster([0, 1].map((index) => group.choices(index, { proofs: true })));
  pump.kill(ben);
  pump.run(30_000);
  assert.equal(
    codeOf(() => forget(pump, ann, ben.id)),
    'E_NOT_ALLOWED',
  );
});
