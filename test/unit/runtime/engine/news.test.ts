import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnginePump, type PumpNode } from '../../../support/engine-pump.ts';
import { LyingPeer } from '../../../support/lying-peer.ts';

function put(pump: EnginePump, node: PumpNode, key: string, value: unknown): void {
  pump.mutate(node, (engine, nowMs) => engine.put(nowMs, key, value as string));
}

/** Lets a cluster fall quiet: nothing is left that anybody has to be told. */
function settled(pump: EnginePump, nodes: readonly PumpNode[]): void {
  pump.until(() => nodes.every((node) => node.engine.gauges().news === 0), 60_000, 'no more news');
}

test('a record that is known already, or older than that, is not told on', () => {
  // B-56
  const pump = new EnginePump();
  const nodes = pump.cluster(3);
  const peer = new LyingPeer(pump);
  for (const node of nodes) peer.introduce(node);
  const [older, newer] = [1, 2].map((value) => peer.block({ key: 'soc', value }));
  peer.tell(nodes[0], { type: 'blocks', blocks: [newer] });
  assert.ok(nodes[0].engine.gauges().news > 0);
  settled(pump, nodes);
  for (const block of [newer, older, newer]) peer.tell(nodes[0], { type: 'blocks', blocks: [block] });
  assert.equal(nodes[0].engine.gauges().news, 0);
  for (const node of nodes) {
    assert.equal(pump.read(node, peer.id, 'soc')?.value, 2);
    assert.equal(node.eventsOf('record').length, 1);
  }
});

test('a record that comes by a datagram minutes late is not told a second time, nor back after its deletion', () => {
  // B-58
  const pump = new EnginePump({ settings: { tombstoneGraceMs: 20_000 } });
  const nodes = pump.cluster(3);
  const [ann, ben] = nodes;
  settled(pump, nodes);
  const late: Uint8Array[] = [];
  pump.drop = (from, to, bytes) => from === ann && to === ben && late.push(bytes.slice()) > 0;
  put(pump, ann, 'kept', 1);
  put(pump, ann, 'gone', 1);
  pump.until(() => pump.read(ben, ann.id, 'gone')?.value === 1, 10_000, 'by others');
  settled(pump, nodes);
  pump.drop = () => false;
  pump.mutate(ann, (engine, nowMs) => engine.delete(nowMs, 'gone'));
  pump.run(120_000);
  const { replay } = ben.engine.counters.drops;
  const { recordsApplied } = ben.engine.counters;
  for (const bytes of late) pump.deliver(ben, bytes, ann.path);
  pump.run(20_000);
  assert.equal(ben.engine.counters.drops.replay, replay, 'the late ones were opened');
  assert.equal(ben.engine.counters.recordsApplied, recordsApplied);
  const told = ben.eventsOf('record').map(({ record, change }) => `${record.key} ${change}`);
  assert.deepEqual(told.sort(), ['gone delete', 'gone put', 'kept put']);
  assert.equal(pump.read(ben, ann.id, 'gone'), undefined);
});

test('news waits once a record, however often that changes', () => {
  // B-59
  const pump = new EnginePump({ settings: { dataBytesPerSecond: 500 } });
  const [ann] = pump.cluster(3);
  for (let i = 0; i < 500; i++) put(pump, ann, `k${i % 50}`, i);
  assert.ok(ann.engine.gauges().news <= 50, `${ann.engine.gauges().news} pieces of news`);
});

test('a verdict does not wait behind a backlog of data, and the backlog is told in the end', () => {
  // B-59
  const pump = new EnginePump({ settings: { dataBytesPerSecond: 4_000 } });
  const nodes = pump.cluster(4);
  const [ann, ben] = nodes;
  const peer = new LyingPeer(pump);
  for (const node of nodes) peer.introduce(node);
  settled(pump, nodes);
  for (let i = 0; i < 40; i++) put(pump, ann, `k${i}`, 'x'.repeat(500));
  pump.run(200);
  peer.tell(ann, { type: 'blocks', blocks: [peer.nodeBlock({ state: 'left' })] });
  pump.until(() => pump.stateOf(ben, peer.id) === 'left', 300, 'the goodbye');
  assert.ok(ben.engine.records(pump.nowMs).length < 20, 'most of the data still waits');
  const all = () => nodes.every((node) => node.engine.records(pump.nowMs).length === 40);
  pump.until(all, 120_000, 'all of the data');
});

test('what a node writes itself has its place where others have filled the table', () => {
  // B-60
  const pump = new EnginePump({ settings: { tableBytesMax: 20_000 } });
  const [ann, ben] = pump.cluster([{}, { settings: { tableBytesMax: 1_000_000 } }]);
  for (let i = 0; i < 60; i++) put(pump, ben, `k${i}`, 'x'.repeat(600));
  pump.until(() => ann.engine.counters.drops.quota > 0, 10_000, 'a full table');
  put(pump, ann, 'own', 'y'.repeat(600));
  assert.equal(pump.read(ann, ann.id, 'own')?.value, 'y'.repeat(600));
  pump.until(() => pump.read(ben, ann.id, 'own') !== undefined, 5_000, 'told to others');
});

test('two that differ on both sides are equal after one digest', () => {
  // B-62, B-65
  const pump = new EnginePump({ settings: { digestIntervalMs: 30_000, digestQuietMs: 0 } });
  const [ann, ben] = pump.cluster(2);
  pump.run(40_000);
  pump.drop = () => true;
  for (const [i, node] of [ann, ben].entries()) for (let k = 0; k < 5; k++) put(pump, node, `k${k}`, i);
  pump.until(() => ann.engine.gauges().news + ben.engine.gauges().news === 0, 5_000, 'pushed in vain');
  const digests = () => ann.engine.counters.digestsSent + ben.engine.counters.digestsSent;
  const before = digests();
  pump.drop = () => false;
  pump.until(() => digests() > before, 60_000, 'a digest');
  pump.run(100);
  assert.equal(digests(), before + 1);
  for (const node of [ann, ben]) assert.equal(node.engine.records(pump.nowMs).length, 10);
});

test('between equal tables a digest is one small datagram without an answer', () => {
  // B-65
  const pump = new EnginePump({ settings: { probeIntervalMs: 30_000, digestIntervalMs: 1_000 } });
  const nodes = pump.cluster(2);
  for (const node of nodes) for (let i = 0; i < 100; i++) put(pump, node, `k${i}`, 'x'.repeat(100));
  pump.run(60_000);
  const sent = nodes.map((node) => node.sent.length);
  const digests = () => nodes.reduce((sum, node) => sum + node.engine.counters.digestsSent, 0);
  const before = digests();
  pump.run(20_000);
  const later = nodes.flatMap((node, i) => node.sent.slice(sent[i]));
  assert.ok(digests() - before >= 30, `${digests() - before} digests`);
  const others = later.length - (digests() - before);
  assert.ok(others <= 8, `${others} datagrams beside the digests`);
  assert.ok(Math.max(...later.map(({ bytes }) => bytes.length)) <= 200);
});

test('a node that is reset because it was away too long hears of each key that went, once', () => {
  // B-73
  const pump = new EnginePump({ settings: { tombstoneGraceMs: 20_000 } });
  const nodes = pump.cluster(3);
  const [ann, , cem] = nodes;
  for (const key of ['keep', 'one', 'two']) put(pump, ann, key, 1);
  pump.run(2_000);
  pump.drop = (from, to) => from === cem || to === cem;
  for (const key of ['one', 'two']) pump.mutate(ann, (engine, nowMs) => engine.delete(nowMs, key));
  pump.run(60_000);
  pump.drop = () => false;
  const isReset = () => pump.read(cem, ann.id, 'one') === undefined;
  pump.until(isReset, 60_000, 'the reset');
  pump.run(30_000);
  const told = cem.eventsOf('record').map(({ record, change }) => `${record.key} ${change}`);
  assert.deepEqual(told.sort(), ['keep put', 'one forget', 'one put', 'two forget', 'two put']);
});

test('nodes whose settings differ are one cluster, and nobody is doubted for its pace', () => {
  // B-94
  const pump = new EnginePump();
  const nodes = pump.cluster([
    {},
    { settings: { probeIntervalMs: 5_000, suspicionMultiplier: 3, fanOut: 1, retransmitMultiplier: 1 } },
    { settings: { batchIntervalMs: 1_000, digestIntervalMs: 60_000, probeHelpers: 0 } },
    { settings: { probeTimeoutMaxMs: 500, suspicionMaxFactor: 1, localHealthMax: 1 } },
  ]);
  for (const [i, node] of nodes.entries()) put(pump, node, 'soc', i);
  const all = () => nodes.every((node) => node.engine.records(pump.nowMs).length === nodes.length);
  pump.until(all, 10_000, 'all values on all nodes');
  pump.run(120_000);
  for (const node of nodes) assert.ok(!node.eventsOf('member').some(({ to }) => to !== 'alive'));
  pump.kill(nodes[0]);
  const living = nodes.slice(1);
  pump.until(() => living.every((node) => pump.sees(node, [nodes[0]], 'down')), 60_000, 'down');
});
