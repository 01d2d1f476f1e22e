import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { DEFAULT_POLICY, signPolicy } from '#runtime/pki/policy.ts';
import { FleetBoard } from '../support/fleet.ts';
import { NodeWorld, type RunningNode, type WorldNode } from '../support/node-world.ts';
import { CLUSTER, certified, identityOf, provider, ROOT, rootBytes, START } from '../support/pki.ts';

const KEY = new Uint8Array(32).fill(7);

function board(fill: number, ...groups: string[]): WorldNode {
  const seed = new Uint8Array(32).fill(fill);
  const { publicKey: agreementKey } = agreementKeyOf(provider, seed);
  const name = `b${fill}`;
  const chain = [certified(ROOT, identityOf(fill), { name, groups, agreementKey })];
  return { name, seed, certificates: { chain, roots: [rootBytes()] } };
}

/** Nodes with all that belongs to them, and a desk beside each. */
async function fleetOf(world: NodeWorld, ...members: WorldNode[]) {
  const nodes: RunningNode[] = [];
  for (const member of members) nodes.push(await world.start(member));
  await world.run(15_000);
  const boards = nodes.map((node) => new FleetBoard(node));
  for (const each of boards) await each.desk.start();
  const running = () => boards.map((each) => each.running);
  return { nodes, boards: boards as [FleetBoard, FleetBoard, FleetBoard], running };
}

test('among boards of one key any may set what all go by', async (t) => {
  const world = new NodeWorld(t);
  const { boards, running } = await fleetOf(world, ...['a', 'b', 'c'].map((name) => ({ name, psk: KEY })));
  await boards[2].desk.set({ preset: 'wan' });
  await world.run(10_000);
  assert.deepEqual(running(), [1, 1, 1]);
  assert.deepEqual(boards[0].applied, [{ preset: 'wan' }]);
});

test('among certified boards only those may that the policy names, or that may command; others are passed over', async (t) => {
  const world = new NodeWorld(t);
  const { nodes, boards, running } = await fleetOf(
    world,
    board(1, 'keymaster'),
    board(2, 'controller'),
    board(3, 'sensor'),
  );
  const [keymaster, controller, sensor] = boards;
  await assert.rejects(() => sensor.desk.set({ preset: 'wan' }), { code: 'E_NOT_ALLOWED' });
  // The default policy lets it write the record: nobody acts on it.
  nodes[2]!.put('fleet/settings', { counter: 99, config: { preset: 'metered' } });
  await world.run(10_000);
  assert.deepEqual(running(), [undefined, undefined, undefined]);
  assert.deepEqual(keymaster.desk.view().ignored, [{ owner: nodes[2]!.id, why: 'not-entitled' }]);

  assert.equal((await controller.desk.set({ preset: 'radio' })).counter, 1);
  await world.run(10_000);
  assert.deepEqual(running(), [1, 1, 1]);

  const writes = { ...DEFAULT_POLICY.writes, 'fleet/': ['sensor'] };
  const policy = { ...DEFAULT_POLICY, cluster: CLUSTER, number: 1, issuedAt: START, writes };
  nodes[0]!.proclaim(signPolicy(provider, ROOT, policy));
  await world.run(10_000);
  await assert.rejects(() => controller.desk.set({ preset: 'wan' }), { code: 'E_NOT_ALLOWED' });
  await world.run(10_000);
  assert.deepEqual(running().slice(0, 2), [99, 99], 'what it set before counts, now that it may');
  await sensor.desk.set({ preset: 'lan' });
  await world.run(10_000);
  assert.deepEqual(running(), [100, 100, 100]);
});
