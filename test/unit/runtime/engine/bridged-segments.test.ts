import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

/** Two groups of four that reach each other only through what both reach: one node. */
function bridged(): { pump: EnginePump; bridge: PumpNode; left: PumpNode[]; right: PumpNode[] } {
  const pump = new EnginePump();
  const [bridge, ...others] = pump.cluster(9);
  const left = others.slice(0, 4);
  const right = others.slice(4);
  const isBetween = (a: PumpNode, b: PumpNode) => left.includes(a) && right.includes(b);
  pump.drop = (from, to) => isBetween(from, to) || isBetween(to, from);
  return { pump, bridge, left, right };
}

/** Who was ever called down by one of these. */
function calledDown(by: readonly PumpNode[]): Set<string> {
  return new Set(
    by.flatMap((node) =>
      node
        .eventsOf('member')
        .filter(({ to }) => to === 'down')
        .map(({ id }) => id),
    ),
  );
}

test('as long as one node reaches both sides all are alive to all, and news gets across', () => {
  // B-4, B-140
  const { pump, bridge, left, right } = bridged();
  pump.run(120_000);
  const all = [bridge, ...left, ...right];
  assert.equal(calledDown(all).size, 0);
  pump.mutate(left[0], (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  const isRead = () => right.every((node) => pump.read(node, left[0].id, 'soc')?.value === 50);
  pump.until(isRead, 10_000, 'the other side reads it');
});

test('when that node dies each side keeps its own, and is whole again with the next one', () => {
  // B-90, B-140
  const { pump, bridge, left, right } = bridged();
  pump.run(10_000);
  pump.kill(bridge);
  const parted = () =>
    left.every((node) => pump.sees(node, [bridge, ...right], 'down')) &&
    right.every((node) => pump.sees(node, [bridge, ...left], 'down'));
  pump.until(parted, 20_000, 'the other side is down');
  pump.run(60_000);
  for (const side of [left, right]) {
    const down = calledDown(side);
    assert.ok(!side.some(({ id }) => down.has(id)));
  }
  const next = pump.add();
  for (const seed of [left[0], right[0]]) pump.join(next, seed);
  const all = [next, ...left, ...right];
  pump.until(() => all.every((node) => pump.sees(node, all, 'alive')), 15_000, 'one cluster');
});
