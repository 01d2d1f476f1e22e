import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

/** Datagrams to addresses of dead nodes since that time, by the node that sent them. */
function callsTo(dead: readonly PumpNode[], by: readonly PumpNode[], sinceMs: number): number[] {
  const addresses = new Set(dead.map(({ endpoint }) => endpoint.address));
  return by.map(
    (node) =>
      node.sent.filter(
        ({ atMs, to }) => atMs > sinceMs && to.kind === 'unicast' && addresses.has(to.endpoint.address),
      ).length,
  );
}

function withDead(count: number, deadCount: number) {
  const pump = new EnginePump();
  const nodes = pump.cluster(count);
  const dead = nodes.slice(0, deadCount);
  const living = nodes.slice(deadCount);
  for (const node of dead) pump.kill(node);
  pump.until(() => living.every((node) => pump.sees(node, dead, 'down')), 60_000, 'down');
  pump.run(5_000);
  return { pump, dead, living };
}

test('a down member is called for ever, by a few of many', () => {
  // B-91, B-106, [P-6.6]
  const { pump, dead, living } = withDead(16, 1);
  pump.run(600_000);
  const sinceMs = pump.nowMs;
  pump.run(100_000);
  const calls = callsTo(dead, living, sinceMs).reduce((sum, each) => sum + each);
  // Ten turns of about five callers; all fifteen would make 150.
  assert.ok(calls >= 20 && calls <= 90, `${calls} calls`);
});

test('calling down members costs a node the same however many are down', () => {
  const { pump, dead, living } = withDead(14, 10);
  const sinceMs = pump.nowMs;
  pump.run(100_000);
  // Three a turn, with what each has to refute: at most two datagrams each.
  for (const calls of callsTo(dead, living, sinceMs))
    assert.ok(calls > 0 && calls <= 13 * 3 * 2, `${calls} calls`);
});

test('halves that called each other down find together soon after the cut heals', () => {
  // B-90, B-91
  const pump = new EnginePump();
  const nodes = pump.cluster(16);
  const isLeft = (node: PumpNode) => nodes.indexOf(node) < 8;
  pump.drop = (from, to) => isLeft(from) !== isLeft(to);
  const parted = () =>
    nodes.every((node) =>
      pump.sees(
        node,
        nodes.filter((other) => isLeft(other) !== isLeft(node)),
        'down',
      ),
    );
  pump.until(parted, 60_000, 'parted');
  pump.drop = () => false;
  pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'alive')), 5_000, 'one view');
});
