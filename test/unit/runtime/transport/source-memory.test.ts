import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceMemory } from '#runtime/transport/source-memory.ts';
import { TrafficMeter } from '#runtime/transport/traffic-meter.ts';

test('a peer is answered by the socket that heard it last', () => {
  const memory = new SourceMemory<string>(10);
  memory.heard('10.0.0.1', 5, 'a');
  memory.heard('10.0.0.1', 6, 'b');
  assert.equal(memory.socketFor('10.0.0.1', 5), 'a');
  memory.heard('10.0.0.1', 5, 'b');
  assert.equal(memory.socketFor('10.0.0.1', 5), 'b');
  assert.equal(memory.socketFor('10.0.0.2', 5), undefined);
});

test('at its cap the peer heard longest ago is forgotten', () => {
  const memory = new SourceMemory<string>(3);
  for (const n of [1, 2, 3]) memory.heard(`10.0.0.${n}`, 5, 'a');
  memory.heard('10.0.0.1', 5, 'a');
  memory.heard('10.0.0.4', 5, 'a');
  assert.equal(memory.size, 3);
  assert.equal(memory.socketFor('10.0.0.2', 5), undefined);
  assert.equal(memory.socketFor('10.0.0.1', 5), 'a');
});

test('a closed socket is forgotten', () => {
  const memory = new SourceMemory<string>(3);
  memory.heard('10.0.0.1', 5, 'a');
  memory.heard('10.0.0.2', 5, 'b');
  memory.forget('a');
  assert.equal(memory.socketFor('10.0.0.1', 5), undefined);
  assert.equal(memory.socketFor('10.0.0.2', 5), 'b');
});

test('traffic is counted by link and direction, what was refused by class', () => {
  const meter = new TrafficMeter();
  meter.sent('eth0', 100);
  meter.sent('eth0', 50);
  meter.received('eth0', 7);
  meter.received('lo', 1);
  meter.refused('eth0', 'data');
  const none = { liveness: 0, membership: 0, data: 0 };
  assert.deepEqual(meter.snapshot(), [
    {
      link: 'eth0',
      rxBytes: 7,
      txBytes: 150,
      rxDatagrams: 1,
      txDatagrams: 2,
      rxDropped: 0,
      txDropped: { ...none, data: 1 },
    },
    { link: 'lo', rxBytes: 1, txBytes: 0, rxDatagrams: 1, txDatagrams: 0, rxDropped: 0, txDropped: none },
  ]);
});
