import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '#runtime/core/random.ts';
import { Arrivals } from '#runtime/membership/arrivals.ts';
import { LocalHealth } from '#runtime/membership/local-health.ts';
import { ProbeOrder } from '#runtime/membership/probe-order.ts';
import { RoundTrip } from '#runtime/membership/rtt.ts';

const IDS = Array.from({ length: 10 }, (_, i) => String(i));
const ANY = () => true;

function orderOf(ids: readonly string[], seed = 1): ProbeOrder {
  const order = new ProbeOrder(new SeededRandom(seed));
  for (const id of ids) order.add(id);
  return order;
}

test('everybody is probed once a pass, in an order of its own each time', () => {
  // B-11
  const order = orderOf(IDS);
  const passes = Array.from({ length: 5 }, () => IDS.map(() => order.next(ANY)));
  for (const pass of passes) assert.deepEqual([...pass].sort(), IDS);
  assert.ok(new Set(passes.map((pass) => pass.join())).size > 1);
});

test('those not wanted are passed over, and where nobody is wanted the round ends', () => {
  // B-11
  const order = orderOf(IDS);
  const even = Array.from({ length: 20 }, () => order.next((id) => Number(id) % 2 === 0));
  assert.ok(even.every((id) => Number(id) % 2 === 0));
  assert.equal(new Set(even).size, 5);
  assert.equal(
    order.next(() => false),
    undefined,
  );
  assert.equal(orderOf([]).next(ANY), undefined);
});

test('a newcomer takes any place of the pass', () => {
  // B-12
  const places = new Set<number>();
  for (let seed = 1; seed <= 300; seed++) {
    const order = orderOf(IDS, seed);
    order.add('new');
    order.add('new');
    assert.equal(order.size, 11);
    const pass = Array.from({ length: 11 }, () => order.next(ANY));
    if (pass.includes('new')) places.add(pass.indexOf('new'));
  }
  assert.equal(places.size, 11);
});

test('removing members in the middle of a pass skips and repeats nobody else', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const order = orderOf(IDS, seed);
    order.next(ANY);
    for (let i = 0; i < IDS.length; i++) order.next(ANY);
    const begun = orderOf(IDS, seed);
    const seen = [begun.next(ANY), begun.next(ANY), begun.next(ANY)];
    const gone = [seen[0], IDS.find((id) => !seen.includes(id))] as string[];
    for (const id of [...gone, 'nobody']) begun.remove(id);
    const rest = Array.from({ length: 6 }, () => begun.next(ANY));
    assert.deepEqual(
      [...seen, ...rest].sort(),
      IDS.filter((id) => id !== gone[1]),
    );
  }
});

test('health rises and falls within its bounds, and stretches time-outs by its score', () => {
  // B-20
  const health = new LocalHealth(8);
  assert.deepEqual([health.score, health.multiplier, health.unwell], [0, 1, false]);
  health.change(-1);
  assert.equal(health.score, 0);
  health.change(6);
  assert.deepEqual([health.score, health.multiplier, health.unwell], [6, 7, false]);
  health.change(50);
  assert.deepEqual([health.score, health.multiplier, health.unwell], [7, 8, true]);
  health.change(-1);
  assert.equal(health.unwell, false);
});

test('a ceiling of one switches the mechanism off', () => {
  const health = new LocalHealth(1);
  health.change(5);
  assert.deepEqual([health.score, health.multiplier, health.unwell], [0, 1, false]);
});

test('the round trip follows RFC 6298, and its high end lies above what is usual', () => {
  // B-17
  const roundTrip = new RoundTrip();
  assert.deepEqual([roundTrip.smoothedMs, roundTrip.highMs], [null, null]);
  roundTrip.add(100);
  assert.deepEqual([roundTrip.smoothedMs, roundTrip.highMs], [100, 250]);
  roundTrip.add(200);
  assert.equal(roundTrip.smoothedMs, 112.5);
  assert.equal(roundTrip.highMs, 112.5 + 3 * 62.5);
  for (let i = 0; i < 200; i++) roundTrip.add(10);
  assert.ok(Math.abs((roundTrip.smoothedMs ?? 0) - 10) < 0.1);
  assert.ok((roundTrip.highMs ?? 0) < 11);
});

test('phi needs a few arrivals, and grows with silence', () => {
  // B-77, B-78
  const arrivals = new Arrivals();
  assert.equal(arrivals.lastMs, null);
  for (let i = 0; i < 4; i++) arrivals.add(1_000 * i);
  assert.equal(arrivals.phi(3_500), null);
  arrivals.add(4_000);
  const [soon, late] = [arrivals.phi(5_000) ?? 0, arrivals.phi(14_000) ?? 0];
  assert.ok(Math.abs(soon - 1 / Math.LN10) < 1e-9);
  assert.ok(Math.abs(late - 10 / Math.LN10) < 1e-9);
});

test('a gap of ten means or more is an outage and no sample', () => {
  // B-79
  const arrivals = new Arrivals();
  for (let i = 0; i < 10; i++) arrivals.add(1_000 * i);
  const before = arrivals.phi(10_000);
  arrivals.add(9_000 + 60_000);
  assert.equal(arrivals.phi(9_000 + 60_000 + 1_000), before);
});

test('only the last arrivals count', () => {
  // B-79
  const arrivals = new Arrivals();
  for (let i = 0; i <= 100; i++) arrivals.add(1_000 * i);
  for (let i = 1; i <= 40; i++) arrivals.add(100_000 + 2_000 * i);
  assert.ok(Math.abs((arrivals.phi(182_000) ?? 0) - 1 / Math.LN10) < 1e-9);
});

test('a new life starts without samples', () => {
  // B-78
  const arrivals = new Arrivals();
  for (let i = 0; i < 10; i++) arrivals.add(1_000 * i);
  arrivals.reset();
  assert.deepEqual([arrivals.lastMs, arrivals.phi(20_000)], [null, null]);
});
