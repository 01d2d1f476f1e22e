import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

test('a record of the greatest age that the wire can say stops no node', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  const block = liar.block({ key: 'old', value: 1 }, { ageMs: Number.MAX_SAFE_INTEGER });
  liar.tell(ann, { type: 'blocks', blocks: [{ ...block, from: 0 }] });
  pump.run(10_000);
  assert.ok(pump.sees(ann, [ben], 'alive'));
  const newcomer = pump.add();
  pump.join(newcomer, ann);
  pump.run(10_000);
  assert.equal(pump.read(newcomer, liar.id, 'old')?.value, 1);
});

test('one accusation of a future incarnation takes no healthy node down', () => {
  // B-32
  for (const incarnation of [0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
    const pump = new EnginePump();
    const nodes = pump.cluster(3);
    const liar = new LyingPeer(pump);
    for (const node of nodes) liar.introduce(node);
    const block = liar.accusation({ id: nodes[2].id, boot: 1, incarnation }, { ttlMs: 86_400_000 });
    for (const node of nodes) liar.tell(node, { type: 'blocks', blocks: [block] });
    pump.run(60_000);
    const downs = nodes.flatMap((node) => node.eventsOf('member')).filter((event) => event.to === 'down');
    assert.deepEqual(
      downs.filter((event) => event.id === nodes[2].id),
      [],
      `incarnation ${incarnation}`,
    );
    assert.equal(pump.stateOf(nodes[0], nodes[2].id), 'alive', `incarnation ${incarnation}`);
  }
});

test('an accusation that says it is old gives its target the time to refute it all the same', () => {
  const pump = new EnginePump();
  const [ann, ben] = pump.cluster(2);
  const cem = pump.add();
  pump.drop = (from, to) => (from === ann && to === cem) || (from === cem && to === ann);
  pump.join(cem, ben);
  pump.until(() => pump.stateOf(ann, cem.id) === 'alive', 5_000, 'known by hearsay');
  const liar = new LyingPeer(pump);
  liar.introduce(ann);
  const block = liar.accusation(
    { id: cem.id, boot: 1, incarnation: pump.incarnationOf(ann, cem.id) ?? 0 },
    { ageMs: 3_600_000, ttlMs: 86_400_000 },
  );
  liar.tell(ann, { type: 'blocks', blocks: [block] });
  pump.run(500);
  assert.ok(!ann.eventsOf('member').some((event) => event.id === cem.id && event.to === 'down'));
});

test('a name that would write control characters to a terminal is not taken', () => {
  const pump = new EnginePump();
  const node = pump.add();
  const liar = new LyingPeer(pump);
  liar.tell(node, { type: 'blocks', blocks: [liar.nodeBlock({ name: 'x\u001b[2Jy' })] });
  assert.ok(!node.engine.members(pump.nowMs).some((member) => /\p{Cc}/u.test(member.name)));
});

test('all questions of one datagram together are answered within the byte budget', () => {
  const pump = new EnginePump();
  const nodes = pump.cluster(4);
  const liar = new LyingPeer(pump);
  liar.introduce(nodes[0]);
  pump.run(1_000);
  const digests = Array.from({ length: 70 }, () => ({
    type: 'digest' as const,
    tableHash: new Uint8Array(8),
    lines: [],
  }));
  const question = liar.seal(nodes[0], digests);
  const sent = pump.deliver(nodes[0], question, liar.path);
  const bytes = sent.reduce((sum, each) => sum + each.bytes.length, 0);
  assert.ok(bytes <= 4 * 1_200, `${bytes} bytes for ${question.length}`);
});
