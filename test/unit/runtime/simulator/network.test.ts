import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { canMeet, cutOffHosts } from '#runtime/simulator/cut-off.ts';
import { type Delivery, type LinkQuality, Network } from '#runtime/simulator/network.ts';
import { DEFAULT_QUALITY } from '#runtime/simulator/options.ts';
import { VirtualClock } from '#runtime/simulator/virtual-clock.ts';

function setUp(quality: Partial<LinkQuality> = {}, { hosts = 3, segments = 1 } = {}) {
  const clock = new VirtualClock();
  const arrived: (Delivery & { atMs: number })[] = [];
  const network = new Network({
    clock,
    random: new SeededRandom(7),
    quality: { ...DEFAULT_QUALITY, ...quality },
    deliver: (delivery) => arrived.push({ ...delivery, atMs: clock.nowMs }),
  });
  for (let i = 0; i < hosts; i++) network.addHost({ segment: i % segments });
  return { clock, network, arrived };
}

const BYTES = Uint8Array.of(1, 2, 3, 4);

test('a datagram takes the delay of the link, give or take its jitter', () => {
  const { clock, network, arrived } = setUp({ latency: { shape: 'uniform', delayMs: 20, jitterMs: 5 } });
  for (let i = 0; i < 200; i++) network.unicast(0, 1, BYTES);
  clock.runUntil(100);
  assert.equal(arrived.length, 200);
  const times = arrived.map(({ atMs }) => atMs);
  assert.ok(Math.min(...times) >= 15 && Math.max(...times) <= 25);
  assert.ok(Math.max(...times) - Math.min(...times) > 5);
});

test('loss, duplication and corruption happen in about the share that was asked for', () => {
  const { clock, network, arrived } = setUp({ lossShare: 0.3, duplicateShare: 0.2, corruptShare: 0.1 });
  for (let i = 0; i < 2_000; i++) network.unicast(0, 1, BYTES);
  clock.runUntil(1_000);
  assert.ok(Math.abs(arrived.length / 2_000 - 0.7 * 1.2) < 0.06);
  const corrupt = arrived.filter(({ bytes }) => bytes.join() !== BYTES.join());
  assert.ok(Math.abs(corrupt.length / arrived.length - 0.1) < 0.04);
  assert.equal(BYTES.join(), '1,2,3,4');
});

test('reordered datagrams are overtaken by later ones', () => {
  const { clock, network, arrived } = setUp({
    latency: { shape: 'uniform', delayMs: 2, jitterMs: 0 },
    reorderShare: 0.2,
  });
  for (let i = 0; i < 100; i++) clock.at(i, () => network.unicast(0, 1, Uint8Array.of(i)));
  clock.runUntil(1_000);
  const order = arrived.map(({ bytes }) => bytes[0]);
  assert.notDeepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('a multicast reaches its own segment and its sender, and counts once as sent', () => {
  const { clock, network, arrived } = setUp({}, { hosts: 4, segments: 2 });
  network.multicast(0, BYTES);
  clock.runUntil(10);
  assert.deepEqual(arrived.map(({ to }) => to).sort(), [0, 2]);
  assert.equal(network.traffic(0).total.sentDatagrams, 1);
  assert.equal(network.traffic(0).total.receivedDatagrams, 0);
  assert.equal(network.traffic(2).total.receivedBytes, 4);
});

test('a partition cuts groups from each other until it heals', () => {
  const { clock, network, arrived } = setUp();
  network.partition([[0], [1, 2]]);
  assert.equal(network.connects(0, 1), false);
  assert.equal(network.connects(1, 2), true);
  network.unicast(0, 1, BYTES);
  network.multicast(0, BYTES);
  network.unicast(1, 2, BYTES);
  clock.runUntil(10);
  assert.deepEqual(arrived.map(({ from, to }) => `${from}-${to}`).sort(), ['0-0', '1-2']);
  network.heal();
  network.unicast(0, 1, BYTES);
  clock.runUntil(20);
  assert.equal(arrived.length, 3);
});

test('a rule changes one direction of one link', () => {
  const { clock, network, arrived } = setUp();
  network.setRule({ from: 0, to: 1 }, { lossShare: 1 });
  for (let i = 0; i < 5; i++) {
    network.unicast(0, 1, BYTES);
    network.unicast(1, 0, BYTES);
  }
  clock.runUntil(10);
  assert.deepEqual(new Set(arrived.map(({ from }) => from)), new Set([1]));
  assert.equal(network.connects(0, 1), false);
  assert.equal(network.connects(1, 0), true);
  network.clearRules();
  assert.equal(network.connects(0, 1), true);
});

test('sending to an address without a host costs the sender, and reaches nobody', () => {
  const { clock, network, arrived } = setUp();
  network.unicast(0, undefined, BYTES);
  clock.runUntil(10);
  assert.equal(arrived.length, 0);
  assert.equal(network.traffic(0).total.sentBytes, 4);
});

test('the peak of a second is kept until it is reset', () => {
  const { clock, network } = setUp();
  clock.at(100, () => network.unicast(0, 1, BYTES));
  clock.at(900, () => network.unicast(0, 1, BYTES));
  clock.at(1_100, () => network.unicast(0, 1, BYTES));
  clock.runUntil(2_000);
  assert.equal(network.traffic(0).peakBytesPerSecond, 8);
  network.traffic(0).resetPeak();
  assert.equal(network.traffic(0).peakBytesPerSecond, 0);
});

test('a host is cut off where it and its peers are not more than half', () => {
  const { network } = setUp({}, { hosts: 5 });
  const all = [0, 1, 2, 3, 4];
  assert.deepEqual([...cutOffHosts(network, all)], []);
  network.partition([
    [0, 1],
    [2, 3, 4],
  ]);
  assert.deepEqual([...cutOffHosts(network, all)], [0, 1]);
  network.heal();
  // One way is no way: an answer must come back.
  for (const to of [1, 2, 3]) network.setRule({ from: 0, to }, { lossShare: 1 });
  assert.deepEqual([...cutOffHosts(network, all)], [0]);
});

test('two hosts can meet directly, or through two others, but not through one, nor one way', () => {
  const { network } = setUp({}, { hosts: 4 });
  const all = [0, 1, 2, 3];
  assert.ok(canMeet(network, all, 0, 1));
  network.cutForGood({ from: 0, to: 1 });
  assert.ok(canMeet(network, all, 0, 1) && canMeet(network, all, 1, 0));
  assert.equal(canMeet(network, [0, 1, 2], 0, 1), false);
  network.setRule({ from: 3, to: 1 }, { lossShare: 1 });
  assert.equal(canMeet(network, all, 0, 1), false);
  network.clearRules();
  assert.ok(canMeet(network, all, 0, 1));
});
