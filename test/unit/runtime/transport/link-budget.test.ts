import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficClass } from '#runtime/core/outputs.ts';
import { LinkBudget } from '#runtime/transport/link-budget.ts';
import { type Departure, LinkBudgets, UNLIMITED } from '#runtime/transport/link-budgets.ts';

/** How many datagrams in a row are let out. */
function drain(budget: LinkBudget, trafficClass: TrafficClass, nowMs: number, bytes = 1_000): number {
  let count = 0;
  while (budget.take(bytes, trafficClass, nowMs)) count++;
  return count;
}

const departure = (values: Partial<Departure>): Departure => ({
  link: 'wwan0',
  family: 4,
  payloadBytes: 972,
  trafficClass: 'liveness',
  ...values,
});

test('the burst is a second long, and holds at least twelve full datagrams', () => {
  assert.equal(new LinkBudget({ bytesPerSecond: 100_000 }).burst, 100_000);
  assert.equal(new LinkBudget({ bytesPerSecond: 100 }).burst, 12 * 1_248);
});

test('data is cut first, then membership, and liveness last', () => {
  const budget = new LinkBudget({ bytesPerSecond: 100_000 });
  // 10 kB of its own, and half of the 50 kB in common; then 15 kB and a quarter; then 25 kB and what is left.
  assert.deepEqual(
    [drain(budget, 'data', 0), drain(budget, 'membership', 0), drain(budget, 'liveness', 0)],
    [35, 27, 37],
  );
  assert.deepEqual(
    [drain(budget, 'data', 0), drain(budget, 'membership', 0), drain(budget, 'liveness', 0)],
    [0, 0, 0],
  );
});

test('liveness may use the common burst to its bottom, and leaves the others their own', () => {
  const budget = new LinkBudget({ bytesPerSecond: 100_000 });
  assert.equal(drain(budget, 'liveness', 0), 75);
  assert.deepEqual([drain(budget, 'membership', 0), drain(budget, 'data', 0)], [15, 10]);
});

test('what a class has for itself is spent last', () => {
  const budget = new LinkBudget({ bytesPerSecond: 100_000 });
  for (let i = 0; i < 25; i++) assert.equal(budget.take(1_000, 'data', 0), true);
  drain(budget, 'membership', 0);
  drain(budget, 'liveness', 0);
  assert.equal(drain(budget, 'data', 0), 10);
});

test('after a burst liveness fills up first, while the others take all they get', () => {
  const budget = new LinkBudget({ bytesPerSecond: 100_000 });
  const overload = (nowMs: number) => {
    drain(budget, 'membership', nowMs, 100);
    drain(budget, 'data', nowMs, 100);
  };
  overload(0);
  drain(budget, 'liveness', 0, 100);
  // Half a second, in which three quarters of the rate are liveness's.
  for (let nowMs = 10; nowMs <= 500; nowMs += 10) overload(nowMs);
  assert.equal(drain(budget, 'liveness', 500, 100), 375);
});

test('what was refused is not paid for', () => {
  const budget = new LinkBudget({ bytesPerSecond: 1_000 });
  drain(budget, 'data', 0);
  for (let i = 0; i < 1_000; i++) assert.equal(budget.take(1_248, 'data', 0), false);
  assert.equal(budget.take(1_248, 'data', 20_000), true);
});

test('on the slowest link every class still gets a full datagram through, whatever the others send', () => {
  const budget = new LinkBudget({ bytesPerSecond: 100 });
  for (const trafficClass of ['liveness', 'membership', 'data'] as const) drain(budget, trafficClass, 0, 1);
  let nowMs = 0;
  let data = 0;
  while (data === 0 && nowMs < 1_000_000) {
    nowMs += 1_000;
    drain(budget, 'liveness', nowMs, 1);
    drain(budget, 'membership', nowMs, 1);
    if (budget.take(1_248, 'data', nowMs)) data++;
  }
  assert.equal(data, 1);
});

test('a link that is not named has no limit', () => {
  const budgets = new LinkBudgets({ bytesPerSecond: { wwan0: 1_000 }, nowMs: () => 0 });
  for (let i = 0; i < 10_000; i++) {
    assert.equal(budgets.take(departure({ link: 'eth0' })), true);
    assert.equal(UNLIMITED.take(departure({})), true);
  }
});

test('IP and UDP headers are paid for, those of IPv6 with twenty bytes more', () => {
  for (const [family, headerBytes] of [
    [4, 28],
    [6, 48],
  ] as const) {
    const budgets = new LinkBudgets({ bytesPerSecond: { wwan0: 100_000 }, nowMs: () => 0 });
    let count = 0;
    while (budgets.take(departure({ family, payloadBytes: 100 }))) count++;
    assert.equal(count, Math.floor(75_000 / (100 + headerBytes)));
  }
});

test('each link has its own budget, refilled as time goes on', () => {
  let nowMs = 5_000;
  const budgets = new LinkBudgets({ bytesPerSecond: { wwan0: 20_000, wlan0: 20_000 }, nowMs: () => nowMs });
  const spend = (link: string) => {
    let count = 0;
    while (budgets.take(departure({ link }))) count++;
    return count;
  };
  assert.deepEqual([spend('wwan0'), spend('wlan0')], [15, 15]);
  nowMs += 1_000;
  assert.deepEqual([spend('wwan0'), spend('wlan0')], [15, 15]);
});
