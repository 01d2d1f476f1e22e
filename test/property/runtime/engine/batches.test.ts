import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** A value by the turn in which it was put; some are so long that a datagram holds one, or none. */
function valueIn(turn: number, random: SeededRandom): AppValue {
  const dice = random.next();
  return [turn, dice < 0.6 ? '' : 'x'.repeat(dice < 0.9 ? 400 : 2_500)];
}

function turnOf(value: AppValue | undefined): number {
  return value === undefined ? -1 : (value as [number, string])[0];
}

/** What one owner has put together in which turn, and when it deleted what, or let it end. */
class History {
  readonly batches = new Map<number, readonly string[]>();
  readonly deleted = new Map<string, number>();
  /** What each reader saw last. */
  readonly #last = new Map<PumpNode, ReadonlyMap<string, number>>();
  readonly owner: NodeId;

  constructor(owner: NodeId) {
    this.owner = owner;
  }

  /** In a new boot those are put together that still were; what replaced one of them alone is on its own. */
  part(pump: EnginePump, owner: PumpNode): void {
    const turnNow = (key: string) => turnOf(pump.read(owner, this.owner, key)?.value);
    for (const [turn, keys] of this.batches) {
      const left = keys.filter((key) => turnNow(key) === turn);
      this.batches.set(turn, left);
    }
  }

  /** Asserts that a reader sees of each batch everything or nothing, and goes on seeing what it saw of it. */
  check(pump: EnginePump, reader: PumpNode): void {
    const seen = new Map<string, number>();
    for (const { key, value } of reader.engine.records(pump.nowMs, { owner: this.owner }))
      seen.set(key, turnOf(value));
    for (const [turn, keys] of this.batches) {
      const isDeleted = (key: string) => (this.deleted.get(key) ?? -1) > turn;
      for (const key of keys.length > 1 ? keys : [])
        if (this.#last.get(reader)?.get(key) === turn && !isDeleted(key))
          assert.ok(seen.has(key), `${key}, put together with others in turn ${turn}, isn't seen any more`);
      const shown = keys.filter((key) => seen.get(key) === turn);
      if (shown.length === 0) continue;
      for (const key of keys) {
        const isThere = (seen.get(key) ?? -1) >= turn || isDeleted(key);
        assert.ok(isThere, `of ${keys} put together in turn ${turn}, ${shown[0]} is seen without ${key}`);
      }
    }
    this.#last.set(reader, seen);
  }
}

function playOnce(seed: number, loss: number, graceMs = 3_600_000): void {
  const random = new SeededRandom(seed, 5);
  const pick = (count: number) => Math.floor(random.next() * count);
  const pump = new EnginePump({ seed, settings: { tombstoneGraceMs: graceMs } });
  const nodes = pump.cluster(3);
  const [owner] = nodes;
  const history = new History(owner.id);
  let boot = 1;
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
      const entries = keys.map((key) => ({ key, value: valueIn(turn, random) }));
      pump.mutate(owner, (engine, nowMs) => engine.putMany(nowMs, entries));
      history.batches.set(turn, keys);
    } else if (dice < 0.75) {
      const value = valueIn(turn, random);
      pump.mutate(owner, (engine, nowMs) => engine.put(nowMs, KEYS[pick(6)], value, { priority: 'urgent' }));
    } else if (dice < 0.85) {
      history.part(pump, owner);
      pump.mutate(owner, (engine, nowMs) => engine.adoptBoot(nowMs, ++boot));
    } else {
      const key = KEYS[pick(6)];
      if (pump.read(owner, owner.id, key) !== undefined) {
        history.deleted.set(key, turn);
        pump.mutate(owner, (engine, nowMs) => engine.delete(nowMs, key));
      }
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
