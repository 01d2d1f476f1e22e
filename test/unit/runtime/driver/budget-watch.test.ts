import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BudgetWatch } from '#runtime/driver/budget-watch.ts';
import { HealthBoard } from '#runtime/driver/health-board.ts';
import { TrafficMeter } from '#runtime/transport/traffic-meter.ts';
import { ManualTime } from '../../../support/manual-time.ts';

function bench() {
  const time = new ManualTime();
  const health = new HealthBoard();
  const unicast = new TrafficMeter();
  const multicast = new TrafficMeter();
  const watch = new BudgetWatch({
    bytesPerSecond: { wwan0: 4_000, wlan0: 50_000 },
    traffic: () => [...unicast.snapshot(), ...multicast.snapshot()],
    pollMs: 5_000,
    health,
    clock: time,
  });
  return { time, unicast, multicast, watch, items: () => health.items(time.nowMs()) };
}

test('while everything fits there is nothing to tell', () => {
  const { watch, unicast, items } = bench();
  unicast.sent('wwan0', 100);
  unicast.dropped('wwan0', 3);
  assert.equal(watch.poll(), 0);
  assert.deepEqual(items(), []);
});

test('the link, its budget and what was refused since the last look are named, both transports together', () => {
  const { watch, unicast, multicast, items } = bench();
  for (let i = 0; i < 7; i++) unicast.refused('wwan0', 'data');
  assert.equal(watch.poll(), 0);
  unicast.refused('wwan0', 'data');
  multicast.refused('wwan0', 'data');
  unicast.refused('wwan0', 'membership');
  multicast.refused('wlan0', 'data');
  assert.equal(watch.poll(), 0);
  const [item] = items();
  assert.equal(item?.code, 'link-budget');
  assert.equal(item?.severity, 'warning');
  assert.match(
    item?.text ?? '',
    /within 5 s: wwan0 \(4kB\/s\): 1 membership, 2 data; wlan0 \(50kB\/s\): 1 data\./,
  );
});

test('refused liveness is told to the caller, and is worse', () => {
  const { watch, unicast, items } = bench();
  unicast.refused('wwan0', 'liveness');
  unicast.refused('wwan0', 'liveness');
  assert.equal(watch.poll(), 2);
  assert.equal(items()[0]?.severity, 'failure');
  assert.match(items()[0]?.text ?? '', /2 liveness.*taken for down/);
  assert.equal(watch.poll(), 0);
});

test('the condition is over a minute after the last datagram that did not fit', () => {
  const { time, watch, unicast, items } = bench();
  unicast.refused('wwan0', 'data');
  watch.poll();
  time.advance(40_000);
  unicast.refused('wwan0', 'data');
  watch.poll();
  time.advance(40_000);
  watch.poll();
  assert.deepEqual(
    items().map(({ sinceMs }) => sinceMs),
    [80_000],
  );
  time.advance(20_000);
  assert.deepEqual(items(), []);
});
