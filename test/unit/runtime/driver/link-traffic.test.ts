import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumTraffic } from '#runtime/driver/link-traffic.ts';
import { TrafficMeter } from '#runtime/transport/traffic-meter.ts';

test('what several transports carry on one link is one sum, with its budget', () => {
  const unicast = new TrafficMeter();
  const multicast = new TrafficMeter();
  unicast.sent('wwan0', 10);
  unicast.refused('wwan0', 'data');
  multicast.sent('wwan0', 20);
  multicast.refused('wwan0', 'data');
  multicast.refused('wwan0', 'membership');
  unicast.received('wwan0', 5);
  unicast.dropped('wwan0', 2);
  assert.deepEqual(sumTraffic([...unicast.snapshot(), ...multicast.snapshot()], { wwan0: 4_000 }), [
    {
      name: 'wwan0',
      rxBytes: 5,
      txBytes: 30,
      rxDatagrams: 1,
      txDatagrams: 2,
      rxDropped: 2,
      txDropped: { liveness: 0, membership: 1, data: 2 },
      bytesPerSecondMax: 4_000,
    },
  ]);
});

test('a link with a budget is listed before anything went over it; one without has none', () => {
  const meter = new TrafficMeter();
  meter.sent('constructor', 1);
  assert.deepEqual(
    sumTraffic(meter.snapshot(), { wwan0: 4_000 }).map(({ name, txBytes, bytesPerSecondMax }) => [
      name,
      txBytes,
      bytesPerSecondMax,
    ]),
    [
      ['wwan0', 0, 4_000],
      ['constructor', 1, null],
    ],
  );
});
