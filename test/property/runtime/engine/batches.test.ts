import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** What one owner has put together, and which keys it deleted when. */
class History {
  readonly batches: ReadonlyMap<string, number>[] = [];
  readonly deleted = new Map<string, number>();
  readonly owner: NodeId;

  constructor(owner: NodeId) {
    this.owner = owner;
  }

  /** Asserts that a reader sees of each batch everything or nothing. */
  check(pump: EnginePump, reader: PumpNode): void {
    const seen = new Map<string, number>();
    for (const { key, version } of reader.engine.records(pump.nowMs, { owner: this.owner }))
      seen.set(key, version);
    for (const batch of this.batches) {
      const shown = [...batch].filter(([key, version]) => seen.get(key) === version);
      if (shown.length === 0) continue;
      for (const [key, version] of batch) {
        const isThere = (seen.get(key) ?? 0) >= version || (this.deleted.get(key) ?? 0) > version;
        assert.ok(isThere, `of ${[...batch.keys()]} put together, ${shown[0][0]} is seen without ${key}`);
      }
    }
  }
}

function playOnce(seed: number, loss: number, graceMs = 3_600_000): void {
  const random = new SeededRandom(seed, 5);
  const pick = (count: number) => Math.floor(random.next() * count);
  const pump = new EnginePump({ seed, settings: { tombstoneGraceMs: graceMs } });
  const nodes = pump.cluster(3);
  const [owner] = nodes;
  const history = new History(owner.id);
  pump.drop = () => random.next() < loss;
  const checkFor = (ms: number) => {
    for (let gone = 0; gone < ms; gone += 10) {
      pump.run(10);
      for (const node of nodes) history.check(pump, node);
    }
  };
  for (let turn = 0; turn < 40; turn++) {
    const dice = random.next();
    const keys = KEYS.filter(() => random.next() < 0.4);
    if (dice < 0.6 && keys.length > 1) {
      const entries = keys.map((key) => ({ key, value: turn }));
      const versions = pump.mutate(owner, (engine, nowMs) => engine.putMany(nowMs, entries));
      history.batches.push(new Map(keys.map((key, i) => [key, versions[i]])));
    } else if (dice < 0.85) {
      pump.mutate(owner, (engine, nowMs) => engine.put(nowMs, KEYS[pick(6)], turn, { priority: 'urgent' }));
    } else {
      const key = KEYS[pick(6)];
      if (pump.read(owner, owner.id, key) !== undefined)
        history.deleted.set(
          key,
          pump.mutate(owner, (engine, nowMs) => engine.delete(nowMs, key)),
        );
    }
    checkFor(pick(3) * 60);
    if (turn === 25) nodes.push(pump.add());
    if (turn === 25) pump.join(nodes[3], nodes[1]);
  }
  checkFor(3_000);
  const all = (node: PumpNode) =>
    JSON.stringify(
      node.engine
        .records(pump.nowMs, { owner: owner.id })
        .map(({ key, version }) => `${key}@${version}`)
        .sort(),
    );
  pump.until(() => nodes.every((node) => all(node) === all(owner)), 120_000, `seed ${seed}: all see all`);
}

test('records that were put together are seen together or not at all, whatever is lost', () => {
  for (let seed = 1; seed <= 12; seed++) playOnce(seed, 0.3);
});

test('so they are where tombstones are collected soon', () => {
  for (let seed = 1; seed <= 6; seed++) playOnce(seed, 0.2, 700);
});
