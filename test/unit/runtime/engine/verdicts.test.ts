import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from '#runtime/wire/message.ts';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

/** The states that a node said a member to be in, in their order. */
function statesOf(node: PumpNode, of: { id: string }): string[] {
  return node
    .eventsOf('member')
    .filter((event) => event.id === of.id)
    .map((event) => event.to ?? 'gone');
}

/** Datagrams to a node's address since that time, whether it runs or not. */
function sentTo(node: PumpNode, by: readonly PumpNode[], sinceMs: number): number[] {
  return by.flatMap(({ sent }) =>
    sent
      .filter(
        ({ atMs, to }) =>
          atMs > sinceMs && to.kind === 'unicast' && to.endpoint.address === node.endpoint.address,
      )
      .map(({ bytes }) => bytes.length),
  );
}

test('who is called down refutes it at once, as it does a suspicion', () => {
  // B-40
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben, cem]) liar.introduce(node);
  const block = liar.accusation({ id: ben.id, boot: 1, incarnation: 0 }, { stage: 'down' });
  liar.tell(ben, { type: 'blocks', blocks: [block] });
  assert.equal(pump.incarnationOf(ben, ben.id), 1);
  pump.run(20_000);
  for (const node of [ann, cem]) {
    assert.equal(pump.incarnationOf(node, ben.id), 1);
    assert.equal(pump.stateOf(node, ben.id), 'alive');
    assert.ok(!statesOf(node, ben).includes('down'));
  }
});

test('who is accused while it leaves goes on leaving, and once it has left no more is answered', () => {
  // B-40
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben, cem]) liar.introduce(node);
  const accuse = () => {
    const incarnation = pump.incarnationOf(ben, ben.id)!;
    const block = liar.accusation({ id: ben.id, boot: 1, incarnation }, { stage: 'down' });
    for (const node of [ann, ben]) liar.tell(node, { type: 'blocks', blocks: [block] });
  };
  pump.mutate(ben, (engine, nowMs) => engine.leave(nowMs));
  accuse();
  const refutations = ben.engine.counters.refutations;
  pump.until(() => ben.eventsOf('left').length === 1, 4_000, 'the goodbye');
  accuse();
  pump.run(20_000);
  assert.equal(ben.engine.counters.refutations, refutations);
  for (const node of [ann, cem]) {
    assert.equal(statesOf(node, ben).at(-1), 'left');
    assert.ok(!statesOf(node, ben).includes('down'));
  }
});

test('a down member is called, and not told what is news among the others', () => {
  // B-47
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const [dead, ...living] = nodes;
  pump.kill(dead);
  pump.until(() => living.every((node) => pump.sees(node, [dead], 'down')), 30_000, 'down');
  pump.run(10_000);
  const sinceMs = pump.nowMs;
  for (let i = 0; i < 60; i++) {
    pump.mutate(living[0], (engine, nowMs) => engine.put(nowMs, 'soc', `${i} ${'x'.repeat(600)}`));
    pump.run(1_000);
  }
  const lengths = sentTo(dead, living, sinceMs);
  assert.ok(lengths.length > 0 && lengths.length <= 3 * 7 * 2, `${lengths.length} datagrams`);
  assert.ok(Math.max(...lengths) < 600, `${Math.max(...lengths)} bytes`);
  for (const node of living) assert.match(String(pump.read(node, living[0].id, 'soc')?.value), /^59 /);
});

test('who was down without knowing it is told by the first that it speaks to, and is alive again', () => {
  // B-48
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const [ben, ...others] = nodes;
  pump.drop = (from, to) => from === ben || to === ben;
  // It alone stands still, so that it believes to be well when it goes on.
  ben.running = false;
  pump.until(() => others.every((node) => pump.sees(node, [ben], 'down')), 30_000, 'down');
  pump.drop = () => false;
  ben.running = true;
  pump.until(() => others.every((node) => pump.sees(node, [ben], 'alive')), 3_000, 'alive again');
  assert.equal(pump.incarnationOf(others[0], ben.id), 1);
});

test('two that called each other down are both back soon, at the price of a few datagrams', () => {
  // B-48
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  pump.drop = () => true;
  const parted = () => pump.sees(ann, [ben], 'down') && pump.sees(ben, [ann], 'down');
  pump.until(parted, 60_000, 'parted');
  pump.run(30_000);
  pump.drop = () => false;
  const sinceMs = pump.nowMs;
  const one = () => pump.sees(ann, [ben], 'alive') && pump.sees(ben, [ann], 'alive');
  pump.until(one, 15_000, 'both back');
  const healedMs = pump.nowMs;
  pump.run(5_000);
  assert.ok(one());
  const count = sentTo(ann, [ben], sinceMs).length + sentTo(ben, [ann], sinceMs).length;
  // A probe and its answer each a second, joins and calls, and some digests while tables differ.
  const seconds = (pump.nowMs - sinceMs) / 1_000;
  assert.ok(count <= 10 * seconds + 30, `${count} datagrams in ${seconds} s, healed ${healedMs - sinceMs}`);
});

test('a newcomer hears what a dead member left behind, and that it is dead', () => {
  // B-72
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  pump.mutate(cem, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.run(1_000);
  pump.kill(cem);
  pump.until(() => [ann, ben].every((node) => pump.sees(node, [cem], 'down')), 30_000, 'down');
  // Longer than the record of the first verdict is kept.
  pump.run(4_000_000);
  const late = pump.add();
  pump.join(late, ann);
  pump.until(() => pump.read(late, cem.id, 'soc') !== undefined, 5_000, 'the value');
  pump.until(() => pump.sees(late, [cem], 'down'), 15_000, 'the verdict');
  pump.run(60_000);
  assert.equal(statesOf(late, cem).at(-1), 'down');
  assert.ok(!statesOf(late, cem).slice(1).includes('alive'), statesOf(late, cem).join(' '));
});

test('a newcomer is a member for the half that it joins while the cluster is cut, and for all after it', () => {
  // B-98
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const isLeft = (node: PumpNode) => nodes.indexOf(node) === 0 || nodes.indexOf(node) === 1;
  pump.drop = (from, to) => isLeft(from) !== isLeft(to);
  const late = pump.add();
  pump.join(late, nodes[2]);
  pump.until(() => nodes.slice(2).every((node) => pump.sees(node, [late], 'alive')), 3_000, 'in its half');
  pump.mutate(late, (engine, nowMs) => engine.put(nowMs, 'soc', 50));
  pump.until(() => pump.read(nodes[3], late.id, 'soc')?.value === 50, 2_000, 'its value');
  pump.run(30_000);
  assert.equal(pump.stateOf(nodes[0], late.id), undefined);
  pump.drop = () => false;
  const all = [...nodes, late];
  pump.until(() => all.every((node) => pump.sees(node, all, 'alive')), 20_000, 'one cluster');
  pump.until(
    () => nodes.every((node) => pump.read(node, late.id, 'soc')?.value === 50),
    20_000,
    'everywhere',
  );
});

test('goodbyes of two lives that come late and in the wrong order settle on the later life, and fall silent', () => {
  // B-102
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const lives = [1, 2].map((boot) => new LyingPeer(pump, { id: '88'.repeat(16), boot, seed: boot }));
  const [first, second] = lives.map((life) => ({
    alive: life.nodeBlock(),
    left: life.nodeBlock({ state: 'left' }),
  }));
  const teller = new LyingPeer(pump);
  for (const node of nodes) teller.introduce(node);
  const orders = [
    [first.alive, second.left, first.left, second.alive],
    [second.left, first.left, second.alive, first.alive],
    [second.alive, first.left, second.left, first.alive],
  ];
  for (const [i, blocks] of orders.entries()) {
    for (const block of blocks) {
      teller.tell(nodes[i], { type: 'blocks', blocks: [block] });
      pump.run(30);
    }
  }
  pump.run(20_000);
  for (const node of nodes) {
    assert.equal(pump.stateOf(node, lives[0].id), 'left');
    assert.equal(node.engine.gauges().news, 0);
  }
  const sinceMs = pump.nowMs - 1;
  for (const block of [first.left, second.left]) teller.tell(nodes[0], { type: 'blocks', blocks: [block] });
  assert.equal(nodes[0].engine.gauges().news, 0);
  for (const node of nodes.slice(1)) assert.deepEqual(sentTo(node, [nodes[0]], sinceMs), []);
});

test('a refutation that was lost is told again to whoever accuses what it refuted', () => {
  // B-30
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  for (const node of [ann, ben]) liar.introduce(node);
  const accusation = (slot: number) => liar.accusation({ id: ben.id, boot: 1, incarnation: 0 }, { slot });
  /** Whether ben tells its facts at once. */
  const tell = (block: Block) => {
    const since = ben.sent.length;
    liar.tell(ben, { type: 'blocks', blocks: [block] });
    pump.run(20);
    return liar
      .read(ben.sent.slice(since))
      .some(
        (message) =>
          message.type === 'blocks' &&
          message.blocks.some(({ owner, items }) => owner === ben.id && items.length > 0),
      );
  };
  assert.equal(tell(accusation(0)), true);
  assert.equal(pump.incarnationOf(ben, ben.id), 1);
  // By then all copies of the refutation are sent.
  pump.run(400);
  const late = accusation(1);
  assert.equal(tell(late), true, 'told again');
  pump.run(400);
  assert.equal(tell(late), true, 'and again where the same accusation is repeated');
  assert.equal(pump.incarnationOf(ben, ben.id), 1, 'nothing else is refuted');
  assert.equal(ben.engine.counters.refutations, 1);
});

test('an accused member hears of what stands against it, whatever it has refuted before', () => {
  // B-10
  const pump = new EnginePump();
  const [ann, ben, cem] = pump.cluster(3);
  const [first, second, third] = ['91', '92', '93'].map(
    (id, i) => new LyingPeer(pump, { id: id.repeat(16), last: 91 + i, seed: 91 + i }),
  );
  for (const liar of [first, second, third]) for (const node of [ann, ben, cem]) liar.introduce(node);
  const accuse = (liar: LyingPeer, incarnation: number) =>
    liar.tell(ann, {
      type: 'blocks',
      blocks: [liar.accusation({ id: cem.id, boot: 1, incarnation })],
    });
  accuse(first, 0);
  accuse(second, 0);
  pump.until(() => pump.incarnationOf(ann, cem.id) === 1, 5_000, 'refuted');
  pump.run(1_000);
  // Ann's own news of the third accusation get lost.
  pump.drop = (from) => from === ann;
  accuse(third, 1);
  pump.run(500);
  pump.drop = (from, to) => from === ann && to === ben;
  pump.until(() => pump.incarnationOf(cem, cem.id) === 2, 1_400, 'told by a probe or its answer');
  assert.ok(!statesOf(ann, cem).includes('down'));
});
