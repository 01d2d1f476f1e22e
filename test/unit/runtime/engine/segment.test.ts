import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';

/** Nodes on one multicast segment that have heard, and proven, one another. */
function segmentOf(pump: EnginePump, count: number): PumpNode[] {
  const nodes = Array.from({ length: count }, () => pump.add());
  pump.until(() => nodes.every((node) => pump.sees(node, nodes, 'alive')), 10_000, 'all see all');
  pump.run(120_000);
  return nodes;
}

function unicastsSince(node: PumpNode, sinceMs: number): number {
  return node.sent.filter(({ atMs, to }) => atMs > sinceMs && to.kind === 'unicast').length;
}

/** Who sent something to this node's address after that time. */
function callersOf(nodes: readonly PumpNode[], target: PumpNode, sinceMs: number): PumpNode[] {
  return nodes.filter((node) =>
    node.sent.some(
      ({ atMs, to }) =>
        atMs > sinceMs && to.kind === 'unicast' && to.endpoint.address === target.endpoint.address,
    ),
  );
}

test('a segment that agrees is silent but for its presences', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = segmentOf(pump, 8);
  const sinceMs = pump.nowMs;
  pump.run(60_000);
  for (const node of nodes) {
    assert.equal(unicastsSince(node, sinceMs), 0);
    assert.ok(node.sent.some(({ atMs }) => atMs > sinceMs));
  }
});

test('who loses power on a segment is suspect soon after its presence was due, probed by a few', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = segmentOf(pump, 12);
  const [dead, ...others] = nodes;
  const sinceMs = pump.nowMs;
  pump.kill(dead);
  const noticed = () => others.some((node) => pump.stateOf(node, dead.id) === 'suspect');
  for (let ms = 0; !noticed(); ms++) {
    assert.ok(ms < 2_600, 'noticed in time');
    pump.run(1);
  }
  // By then a watcher has probed it, and asked two rounds of three helpers, who ping it once each.
  assert.ok(callersOf(others, dead, sinceMs).length <= 8);
  pump.until(() => others.every((node) => pump.sees(node, [dead], 'down')), 3_000, 'down');
});

test('a presence that is lost on its way to all costs a probe or two, and no suspicion', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = segmentOf(pump, 12);
  const [silent, ...others] = nodes;
  const sinceMs = pump.nowMs;
  let lost = 0;
  const from = silent.sent.length;
  pump.drop = (node) => {
    if (node !== silent || silent.sent.length > from + 1) return false;
    lost++;
    return true;
  };
  pump.run(10_000);
  assert.equal(lost, 11);
  assert.ok(callersOf(others, silent, sinceMs).length <= 3);
  for (const node of others) assert.equal(node.engine.counters.suspicions, 0);
});

test('a node that is cut off doubts itself before it accuses anybody, and speaks after five seconds', () => {
  for (const multicast of ['off', 'full'] as const) {
    const pump = new EnginePump({ multicast });
    const nodes = multicast === 'off' ? pump.cluster(8) : segmentOf(pump, 8);
    const [lonely, ...others] = nodes;
    pump.drop = (from, to) => from === lonely || to === lonely;
    pump.run(5_000);
    assert.ok(pump.sees(lonely, others, 'alive'), multicast);
    assert.ok(lonely.eventsOf('self-doubt').length > 0, multicast);
    for (const node of others) assert.deepEqual(node.eventsOf('self-doubt'), []);
    pump.until(() => pump.sees(lonely, others, 'down'), 120_000, 'down in the end');
  }
});

test('of tables that differ one hears within a few presences', () => {
  const pump = new EnginePump({ multicast: 'full' });
  const nodes = segmentOf(pump, 6);
  pump.drop = (from) => from === nodes[0];
  pump.mutate(nodes[0], (engine, nowMs) => engine.put(nowMs, 'note', 'missed by all'));
  pump.run(300);
  pump.drop = () => false;
  pump.until(
    () => nodes.every((node) => pump.read(node, nodes[0].id, 'note') !== undefined),
    15_000,
    'the record arrives',
  );
});

for (const [what, isDeaf, withinMs] of [
  ['stops carrying multicast, as where nobody asks the switch to', () => true, 500],
  // That one hears the others, and goes on multicasting: presences and digests show that it isn't heard.
  ['carries the multicast of one node no more', (from: PumpNode, first: PumpNode) => from === first, 8_000],
] as const)
  test(`where a segment ${what}, all go on by unicast, and news too`, () => {
    // B-134
    const pump = new EnginePump({ multicast: 'full' });
    const nodes = segmentOf(pump, 6);
    const [first] = nodes;
    // Kind 2 is sealed to anybody: multicast, and calls to strangers.
    pump.drop = (from, _to, bytes) => (bytes[1] & 15) === 2 && isDeaf(from, first);
    const sinceMs = pump.nowMs;
    for (let i = 0; i < 10; i++) {
      pump.mutate(first, (engine, nowMs) => engine.put(nowMs, 'soc', i));
      const all = () => nodes.every((node) => pump.read(node, first.id, 'soc')?.value === i);
      // News of its last moment is found by a digest.
      pump.until(all, i === 0 ? 12_000 : withinMs, `value ${i}`);
      pump.run(10_000);
    }
    assert.ok(unicastsSince(first, sinceMs) > 20);
    for (const node of nodes)
      assert.ok(node.eventsOf('member').every(({ to }) => to === 'alive' || to === 'suspect'));
  });
