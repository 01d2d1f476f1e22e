import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeCbor } from '#runtime/wire/cbor.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { type Dialect, EARLIER, LATER, LATER_META, OtherVersion } from '../../../support/other-version.ts';

const COUNT = 6;
const IDS = Array.from({ length: COUNT }, (_, i) => (i + 1).toString(16).padStart(2, '0').repeat(16));
const speaking = (dialect: Dialect) => ({
  wrap: (engine: PumpNode['engine']) => new OtherVersion(engine, { dialect, ids: IDS }),
});

/** Two of a later version, two of an earlier one and two of this one, in one cluster. */
function mixedCluster() {
  const pump = new EnginePump({ seed: 3 });
  const nodes = pump.cluster([
    speaking(LATER),
    {},
    speaking(EARLIER),
    speaking(LATER),
    {},
    speaking(EARLIER),
  ]);
  const [later, present, earlier] = nodes as [PumpNode, PumpNode, PumpNode];
  return { pump, nodes, later, present, earlier };
}

const keysAt = (pump: EnginePump, node: PumpNode) =>
  node.engine
    .records(pump.nowMs, { key: 'load/' })
    .map(({ owner, key, value, version }) => `${owner.slice(0, 4)} ${key} ${value} ${version}`)
    .sort();

/** The bytes of an owner's records as a node holds them. */
const heldBy = (pump: EnginePump, node: PumpNode, owner: PumpNode) =>
  (node.engine.blockOf(pump.nowMs, owner.id)?.items ?? []).map(({ body }) =>
    Buffer.from(body).toString('hex'),
  );

const malformed = (nodes: readonly PumpNode[]) => nodes.map(({ engine }) => engine.counters.drops.malformed);

// B-141
describe('a cluster of several versions', () => {
  test('converges: all see all, and have the same records, whoever put them', () => {
    const { pump, nodes } = mixedCluster();
    for (const [i, node] of nodes.entries())
      for (let n = 0; n < 10; n++)
        pump.mutate(node, (engine, nowMs) => engine.put(nowMs, `load/${n}`, 100 * i + n, { unit: 'W' }));
    pump.mutate(nodes[0]!, (engine, nowMs) => engine.delete(nowMs, 'load/3'));
    pump.run(30_000);
    const all = keysAt(pump, nodes[0]!);
    assert.equal(all.length, 59);
    for (const node of nodes) assert.deepEqual(keysAt(pump, node), all);
    assert.ok(nodes.every((node) => pump.sees(node, nodes, 'alive')));
    assert.deepEqual(malformed(nodes), Array(COUNT).fill(0));
    assert.deepEqual(
      nodes.map(({ engine }) => engine.counters.suspicions),
      Array(COUNT).fill(0),
    );
  });

  test('passes over messages that it does not know, counts them, and speaks on', () => {
    const { nodes, later, present } = mixedCluster();
    assert.ok(present.engine.counters.drops['unknown-message'] > 10);
    const { changed, unchanged } = later.engine as OtherVersion;
    assert.ok(changed > 20 * unchanged, `${unchanged} of ${changed + unchanged} had no room for additions`);
    assert.ok(nodes.length === COUNT);
  });

  test('relays what it does not know in records, byte for byte, through both other versions', () => {
    const { pump, nodes, later, present, earlier } = mixedCluster();
    const far = nodes[3]!;
    // Only by one node of this version, and then by one of an earlier one, does the far one hear of the first.
    const hops = [later, present, earlier, far];
    pump.drop = (from, to) =>
      Math.abs(hops.indexOf(from) - hops.indexOf(to)) !== 1 || !hops.includes(from) || !hops.includes(to);
    pump.mutate(later, (engine, nowMs) => engine.put(nowMs, 'load/new', 'of a later version', { unit: 'W' }));
    pump.until(
      () => pump.read(far, later.id, 'load/new') !== undefined,
      60_000,
      'it is heard three hops away',
    );
    const held = hops.slice(1).map((node) => heldBy(pump, node, later).at(-1));
    assert.equal(new Set(held).size, 1);
    const decoded = decodeCbor(Buffer.from(held[0] ?? '', 'hex'));
    assert.ok('value' in decoded && Array.isArray(decoded.value));
    const [, key, , meta, further] = decoded.value;
    assert.deepEqual([key, meta.get(LATER_META), further], ['load/new', 'later', 'further']);
    assert.equal(pump.read(far, later.id, 'load/new')?.unit, 'W', 'what is known of it is read');
  });

  test('agrees on who is down and who left, whatever version they and the others are', () => {
    const { pump, nodes } = mixedCluster();
    const [later, present, earlier, ...rest] = nodes as [PumpNode, PumpNode, PumpNode, ...PumpNode[]];
    pump.kill(later);
    pump.kill(earlier);
    pump.until(
      () => [present, ...rest].every((node) => pump.sees(node, [later, earlier], 'down')),
      60_000,
      'the dead are down',
    );
    pump.mutate(rest[0]!, (engine, nowMs) => engine.leave(nowMs));
    pump.until(
      () => [present, rest[1]!, rest[2]!].every((node) => pump.stateOf(node, rest[0]!.id) !== 'alive'),
      30_000,
      'one has left',
    );
    assert.deepEqual(malformed(nodes), Array(COUNT).fill(0));
  });
});
