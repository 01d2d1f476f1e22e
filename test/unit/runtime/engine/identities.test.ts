import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type NodeChoices, type PumpNode } from '../../../support/engine-pump.ts';

/** The states that a node said a member to be in, in their order. */
function statesOf(node: PumpNode, of: PumpNode): string[] {
  return node
    .eventsOf('member')
    .filter((event) => event.id === of.id)
    .map((event) => event.to ?? 'gone');
}

/** Another process in the place of one that is gone: at its address, and under its identity where the choices say so. */
function replace(pump: EnginePump, gone: PumpNode, choices: NodeChoices, seed: PumpNode): PumpNode {
  pump.kill(gone);
  const { endpoint } = gone;
  gone.endpoint = { ...endpoint, address: '10.0.200.1' };
  const node = pump.add(choices);
  node.endpoint = endpoint;
  pump.mutate(node, (engine, nowMs) =>
    engine.setEndpoints(nowMs, [endpoint], [{ name: 'eth0', multicast: 'off' }]),
  );
  pump.join(node, seed);
  return node;
}

test('a node that restarts at once with other tags is shown with those by all, and was never in doubt', () => {
  // B-36, B-103
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster([{}, { tags: { role: 'meter', phase: '1' } }, {}]);
  pump.run(3_000);
  const back = replace(pump, ben, { id: ben.id, boot: 2, name: 'n2', tags: { role: 'pump' } }, ann);
  const tagsAt = (node: PumpNode) =>
    node.engine.members(pump.nowMs).find(({ id }) => id === ben.id)?.tags as object;
  pump.until(() => [ann, cem].every((node) => !('phase' in tagsAt(node))), 2_000, 'the new tags');
  pump.run(60_000);
  for (const node of [ann, cem, back]) assert.deepEqual(tagsAt(node), { role: 'pump' });
  for (const node of [ann, cem]) assert.deepEqual(statesOf(node, ben), ['alive']);
});

test('two nodes of one name are two members, and what happens to one does not touch the other', () => {
  // B-37, B-107
  const pump = new EnginePump();
  const nodes = pump.cluster([{}, { name: 'pump', tags: { at: 'well' } }, { name: 'pump' }]);
  const [ann, well, tank] = nodes;
  pump.mutate(tank, (engine, nowMs) => engine.put(nowMs, 'level', 40));
  pump.mutate(well, (engine, nowMs) => engine.put(nowMs, 'level', 80));
  pump.run(1_000);
  assert.equal(pump.read(ann, well.id, 'level')?.value, 80);
  assert.equal(pump.read(ann, tank.id, 'level')?.value, 40);
  pump.mutate(well, (engine, nowMs) => engine.leave(nowMs));
  pump.until(() => pump.sees(ann, [well], 'left'), 3_000, 'left');
  pump.kill(well);
  pump.run(30_000);
  assert.deepEqual(statesOf(ann, tank), ['alive']);
  assert.deepEqual(statesOf(ann, well).at(-1), 'left');
});

test('a board that was set up anew is a new member at the old address, and the old one is down', () => {
  // B-43, B-96
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  pump.mutate(ben, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.run(1_000);
  const anew = replace(pump, ben, { name: 'n2' }, ann);
  pump.until(() => [ann, cem].every((node) => pump.sees(node, [anew], 'alive')), 3_000, 'the new one');
  pump.until(() => [ann, cem].every((node) => pump.sees(node, [ben], 'down')), 20_000, 'the old one');
  // Calls to the old one reach the new one: it neither answers them nor suffers by them.
  pump.run(120_000);
  for (const node of [ann, cem]) {
    assert.deepEqual(statesOf(node, anew), ['alive']);
    assert.deepEqual(statesOf(node, ben), ['alive', 'suspect', 'down']);
    assert.equal(pump.read(node, ben.id, 'soc')?.value, 50);
  }
  assert.equal(anew.engine.counters.refutations, 0);
});

test('an old one that was unreachable and comes back beside its successor is a member like any other', () => {
  // B-43, B-96
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const anew = replace(pump, ben, { name: 'n2' }, ann);
  pump.until(() => [ann, cem].every((node) => pump.sees(node, [ben], 'down')), 20_000, 'the old one');
  ben.running = true;
  pump.mutate(ben, (engine, nowMs) =>
    engine.setEndpoints(nowMs, [ben.endpoint], [{ name: 'eth0', multicast: 'off' }]),
  );
  const all = [ann, ben, cem, anew];
  pump.until(() => all.every((node) => pump.sees(node, all, 'alive')), 30_000, 'four members');
});

test('a node of another version of the protocol is no member, and is told why', () => {
  // B-46
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const seed = { transport: 'udp', address: '10.0.9.9', port: 18262 } as const;
  const newer = pump.add();
  pump.mutate(newer, (engine, nowMs) => engine.join(nowMs, [seed]));
  pump.run(100);
  const join = pump.mail[0].bytes.slice();
  join[1] = (join[1] & 15) | 0x20;
  pump.deliver(ann, join, newer.path);
  pump.run(5_000);
  assert.deepEqual(newer.eventsOf('refused')[0]?.code, 'version-too-old');
  assert.equal(ann.engine.counters.drops.version, 1);
  for (const node of [ann, ben]) assert.equal(node.engine.members(pump.nowMs).length, 2);
});
