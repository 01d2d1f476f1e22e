import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { sourceSchema } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import {
  answerRtu,
  answerTcp,
  ModbusDevice,
  type ModbusUnits,
  rtuFrame,
} from '../../../../support/devices/modbus.ts';
import type { FakeLink } from '../../support/fake-links.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

const SERIAL = '/dev/serial/by-id/usb-rs485';

/** Devices that answer at once on every link that is opened. */
function bus(units: ModbusUnits) {
  const ports = new FakePorts();
  ports.links.onOpen = (link: FakeLink) => {
    link.answer = (request) => {
      const answer = link.endpoint.kind === 'serial' ? answerRtu(units, request) : answerTcp(units, request);
      if (answer !== undefined) queueMicrotask(() => link.brings(answer));
    };
    link.opens();
  };
  return ports;
}

function started(ports: FakePorts, config: Record<string, unknown>) {
  const sink = new RecordingSink();
  const parsed = v.parse(sourceSchema, { kind: 'modbus', name: 'meter', interval: '1s', ...config });
  const source = createSource(parsed, { ports, inventoryCommand: [] });
  source.start(sink);
  return { sink, source };
}

const meter = () =>
  new ModbusDevice()
    .load('input', 0, [0x4366, 0x8000])
    .load('holding', 10, [2300, 0xff9c, 0x7fc0, 0x0000])
    .load('holding', 40, [0xffff]);

const REGISTERS = [
  { key: 'voltage', at: 0, table: 'input', type: 'f32', unit: 'V' },
  { key: 'current', at: 10, scale: 0.01, unit: 'A', decimals: 2 },
  { key: 'power', at: 11, type: 's16', unit: 'W' },
  { key: 'angle', at: 12, type: 'f32' },
  { key: 'spare', at: 40, none: [0xffff] },
];

test('registers become readings with type, scale and unit, by serial line and by TCP', async () => {
  for (const address of [SERIAL, 'tcp://10.0.0.7', 'tcp://10.0.0.7:1502']) {
    const ports = bus(new Map([[1, meter()]]));
    const { sink, source } = started(ports, { address, registers: REGISTERS });
    await ports.clock.advance(1500);
    assert.equal(sink.last('meter/voltage')?.value, 230.5, address);
    assert.equal(sink.last('meter/voltage')?.unit, 'V');
    assert.equal(sink.last('meter/current')?.value, 23);
    assert.equal(sink.last('meter/power')?.value, -100);
    await source.stop();
    assert.equal(ports.clock.pendingTimers, 0);
  }
});

test('NaN and a number that stands for none are never good', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, { address: SERIAL, registers: REGISTERS });
  await ports.clock.advance(2500);
  for (const key of ['meter/angle', 'meter/spare']) {
    assert.deepEqual([sink.last(key)?.value, sink.last(key)?.quality], [null, 'bad'], key);
  }
  assert.ok(sink.healthLog.includes('+sensor-implausible meter: meter/angle'));
  await source.stop();
});

test('a register that the device does not have costs only itself, and is asked for again later', async () => {
  const device = meter();
  const ports = bus(new Map([[1, device]]));
  const registers = [...REGISTERS.slice(0, 2), { key: 'missing', at: 500 }];
  const { sink, source } = started(ports, { address: SERIAL, registers });
  await ports.clock.advance(5500);
  assert.deepEqual(sink.healthLog, ['+device-refuses meter: unit 1 holding 500']);
  assert.match(source.health()[0]?.title ?? '', /holding 500 to 500 refused: illegal address/);
  assert.equal(source.counters().refusedReads, 1);
  assert.equal(sink.last('meter/current')?.value, 23);
  device.load('holding', 500, [7]);
  await ports.clock.advance(300_000);
  assert.equal(sink.last('meter/missing')?.value, 7);
  assert.equal(sink.healthLog.at(-1), '-device-refuses meter: unit 1 holding 500');
  await source.stop();
});

test('a silent device is reported, asked ever more seldom, and the others on its bus are still read', async () => {
  const units = new Map([[1, meter()]]);
  const ports = bus(units);
  const registers = [
    { key: 'current', at: 10 },
    { key: 'far', at: 10, unitId: 9 },
  ];
  const { sink, source } = started(ports, { address: SERIAL, registers, timeout: '100ms', retries: 1 });
  await ports.clock.advance(120_000);
  assert.deepEqual(sink.healthLog, ['+device-silent meter: unit 9']);
  const { timeouts = 0, readings = 0 } = source.counters();
  assert.ok(timeouts <= 2 * 9, `${timeouts} time-outs`);
  assert.ok(readings > 90, `${readings} readings`);
  units.set(9, meter());
  await ports.clock.advance(61_000);
  assert.equal(sink.last('meter/far')?.value, 2300);
  assert.equal(sink.healthLog.at(-1), '-device-silent meter: unit 9');
  await source.stop();
});

test('damaged answers are asked for again and reported', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, { address: SERIAL, registers: [{ key: 'current', at: 10 }] });
  await ports.clock.advance(0);
  const link = ports.links.last;
  const answer = link.answer;
  let spoiled = 0;
  link.answer = (request) => {
    if (spoiled++ === 0) queueMicrotask(() => link.brings(Uint8Array.of(1, 3, 2, 0, 0, 0, 0)));
    else answer?.(request);
  };
  await ports.clock.advance(3000);
  assert.equal(sink.last('meter/current')?.value, 2300);
  assert.deepEqual(sink.healthLog, ['+frames-damaged meter']);
  assert.equal(source.counters().damagedAnswers, 1);
  await source.stop();
});

test('half an answer costs one attempt, and its rest is not taken for the next answer', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    ...{ address: SERIAL, timeout: '100ms' },
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(0);
  const link = ports.links.last;
  const answer = link.answer;
  const whole = rtuFrame(Uint8Array.of(1, 3, 2, 0x12, 0x34));
  let requests = 0;
  link.answer = (request) => {
    if (requests++ > 0) return answer?.(request);
    queueMicrotask(() => link.brings(whole.subarray(0, 4)));
    // The rest comes when nobody waits for it any more.
    ports.clock.schedule(120, () => link.brings(whole.subarray(4)));
    return undefined;
  };
  await ports.clock.advance(3000);
  assert.equal(sink.last('meter/current')?.value, 2300);
  assert.ok(!sink.of('meter/current').some(({ value }) => value === 0x1234));
  assert.equal(source.counters().timeouts, 1);
  await source.stop();
});

test('an answer that comes after its time is never taken for that to another register', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    ...{ address: SERIAL, timeout: '100ms' },
    registers: [
      { key: 'current', at: 10 },
      { key: 'spare', at: 40 },
    ],
  });
  await ports.clock.advance(500);
  const link = ports.links.last;
  const units = new Map([[1, meter()]]);
  let requests = 0;
  link.answer = (request) => {
    const answer = answerRtu(units, request);
    const delayMs = requests++ === 0 ? 250 : 60;
    if (answer !== undefined) ports.clock.schedule(delayMs, () => link.brings(answer));
  };
  await ports.clock.advance(10_000);
  assert.deepEqual([...new Set(sink.of('meter/current').map(({ value }) => value))], [2300]);
  assert.deepEqual([...new Set(sink.of('meter/spare').map(({ value }) => value))], [0xffff]);
  await source.stop();
});

test('a connection over which nothing comes any more is made anew', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    ...{ address: 'tcp://10.0.0.7', timeout: '100ms', retries: 2 },
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(1500);
  ports.links.last.answer = undefined;
  await ports.clock.advance(10_000);
  assert.equal(ports.links.links.length, 2);
  assert.equal(ports.links.links[0]?.isClosed, true);
  assert.equal(source.counters().idleDrops, 1);
  assert.deepEqual(source.health(), []);
  assert.equal(sink.last('meter/current')?.value, 2300);
  await source.stop();
  assert.equal(ports.clock.pendingTimers, 0);
});

test('with another master on the bus no answer of its requests is taken for ours, and it is reported', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    address: SERIAL,
    registers: [{ key: 'current', at: 10 }],
    retries: 1,
  });
  await ports.clock.advance(0);
  const link = ports.links.last;
  const answer = link.answer;
  let requests = 0;
  link.answer = (request) => {
    // The other one asks for register 11 at the same time; what comes is the answer to that.
    if (requests++ > 0) return answer?.(request);
    queueMicrotask(() => {
      link.brings(rtuFrame(Uint8Array.of(1, 3, 0, 11, 0, 1)));
      link.brings(rtuFrame(Uint8Array.of(1, 3, 2, 0xff, 0x9c)));
    });
    return undefined;
  };
  await ports.clock.advance(3000);
  assert.deepEqual(
    sink.of('meter/current').map(({ value }) => value),
    [2300],
  );
  assert.deepEqual(sink.healthLog, ['+bus-shared meter']);
  assert.equal(source.counters().collisions, 1);
  await source.stop();
});

test('the answer to what another master asked before us is not taken for ours', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    address: SERIAL,
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(0);
  const firstPollMs = ports.clock.nowMs();
  const link = ports.links.last;
  const units = new Map([[1, meter()]]);
  link.answer = (request) => {
    const answer = answerRtu(units, request);
    if (answer !== undefined) ports.clock.schedule(40, () => link.brings(answer));
  };
  const foreign = rtuFrame(Uint8Array.of(1, 3, 0, 11, 0, 1));
  const theirs = rtuFrame(Uint8Array.of(1, 3, 2, 0xff, 0x9c));
  // In each round it asks a little before we do, by an adapter that brings what it heard in two pieces.
  for (let round = 1; round <= 20; round++) {
    await ports.clock.advance(firstPollMs + round * 1000 - (5 + round) - ports.clock.nowMs());
    link.brings(foreign.subarray(0, 5));
    link.brings(foreign.subarray(5));
    await ports.clock.advance(30);
    link.brings(theirs);
  }
  assert.deepEqual([...new Set(sink.of('meter/current').map(({ value }) => value))], [2300]);
  assert.deepEqual(sink.healthLog, ['+bus-shared meter']);
  assert.ok((source.counters().answers ?? 0) > 5);
  await source.stop();
});

test('behind the answer to another master nobody has to wait, and behind none only for a second', async () => {
  for (const isAnswered of [true, false]) {
    const ports = bus(new Map([[1, meter()]]));
    ports.links.onOpen = (link) => {
      link.answer = () => queueMicrotask(() => link.brings(rtuFrame(Uint8Array.of(1, 3, 2, 0, 7))));
      link.opens();
      link.brings(rtuFrame(Uint8Array.of(1, 3, 0, 11, 0, 2)));
      if (isAnswered) link.brings(rtuFrame(Uint8Array.of(1, 3, 4, 0, 0, 0, 0)));
    };
    const { sink, source } = started(ports, { address: SERIAL, registers: [{ key: 'current', at: 10 }] });
    await ports.clock.advance(20);
    assert.equal(sink.of('meter/current').length, isAnswered ? 1 : 0);
    await ports.clock.advance(1000);
    assert.equal(sink.last('meter/current')?.value, 7);
    await source.stop();
  }
});

test('requests beyond what a connection may be silent for still blame the device', async () => {
  const ports = bus(new Map());
  ports.links.onOpen = (link) => link.opens();
  const { sink, source } = started(ports, {
    ...{ address: 'tcp://10.0.0.7', timeout: '100ms', retries: 6 },
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(50_000);
  assert.deepEqual(sink.healthLog, ['+device-silent meter: unit 1']);
  assert.ok(ports.links.links.length < 10, `${ports.links.links.length} connections`);
  await source.stop();
});

test('a lost port is no fault of the devices, and everything goes on when it is back', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, { address: SERIAL, registers: [{ key: 'current', at: 10 }] });
  await ports.clock.advance(1500);
  ports.links.last.ends('lost');
  await ports.clock.advance(800);
  assert.deepEqual(sink.healthLog, ['+port-unavailable meter']);
  await ports.clock.advance(5000);
  assert.deepEqual(sink.healthLog, ['+port-unavailable meter', '-port-unavailable meter']);
  assert.equal(ports.links.links.length, 2);
  await source.stop();
});

test('sources with the same address share its port, one request at a time, and the last one closes it', async () => {
  const ports = bus(
    new Map([
      [1, meter()],
      [2, meter()],
    ]),
  );
  const first = started(ports, { address: SERIAL, registers: [{ key: 'current', at: 10 }] });
  const second = started(ports, {
    address: SERIAL,
    name: 'other',
    unitId: 2,
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(3500);
  assert.equal(ports.links.links.length, 1);
  assert.equal(first.sink.last('meter/current')?.value, 2300);
  assert.equal(second.sink.last('other/current')?.value, 2300);
  assert.equal(ports.links.last.written.length, 8);
  await first.source.stop();
  assert.equal(ports.links.last.isClosed, false);
  ports.links.last.ends('lost');
  assert.deepEqual(second.sink.healthLog, ['+port-unavailable other']);
  await second.source.stop();
  assert.equal(ports.clock.pendingTimers, 0);
});

test('coils and discrete inputs are switches', async () => {
  const device = new ModbusDevice();
  for (let i = 0; i < 12; i++) device.coils.set(i, i === 9);
  const ports = bus(new Map([[1, device]]));
  const registers = Array.from({ length: 12 }, (_, at) => ({ key: `relay-${at}`, at, table: 'coil' }));
  const { sink, source } = started(ports, { address: SERIAL, registers });
  await ports.clock.advance(1500);
  assert.equal(device.reads, 2);
  assert.equal(sink.last('meter/relay-9')?.value, true);
  assert.equal(sink.last('meter/relay-8')?.value, false);
  await source.stop();
});

test('a device of which a gateway says that it does not answer is asked ever more seldom, too', async () => {
  const units = new Map([[1, meter()]]);
  const ports = bus(units);
  const registers = [
    { key: 'current', at: 10 },
    ...[0, 10, 20, 30].map((at) => ({ key: `far-${at}`, at, unitId: 9 })),
  ];
  ports.links.onOpen = (link) => {
    link.answer = (request) => {
      const answer = answerTcp(units, request);
      ports.clock.schedule(request[6] === 9 ? 900 : 5, () => link.brings(answer));
    };
    link.opens();
  };
  const { sink, source } = started(ports, { address: 'tcp://10.0.0.7', registers });
  await ports.clock.advance(60_000);
  assert.deepEqual(sink.healthLog, ['+device-silent meter: unit 9']);
  assert.match(source.health()[0]?.text ?? '', /gateway: the device does not answer/);
  assert.ok((source.counters().polls ?? 0) > 50, `${source.counters().polls} polls`);
  await source.stop();
});

test('a device that is busy for a moment is no condition, and one that stays so is', async () => {
  const device = meter();
  const ports = bus(new Map([[1, device]]));
  const { sink, source } = started(ports, { address: SERIAL, registers: [{ key: 'current', at: 10 }] });
  device.exception = 6;
  await ports.clock.advance(1500);
  device.exception = undefined;
  await ports.clock.advance(1000);
  assert.deepEqual(sink.healthLog, []);
  assert.equal(sink.last('meter/current')?.value, 2300);
  device.exception = 6;
  await ports.clock.advance(3000);
  assert.deepEqual(sink.healthLog, ['+device-refuses meter: unit 1 holding 10']);
  await source.stop();
});

test('a device that is asked more seldom than once a minute is not silent in between', async () => {
  const ports = bus(new Map([[1, meter()]]));
  const { sink, source } = started(ports, {
    ...{ address: SERIAL, interval: '5m' },
    registers: [{ key: 'current', at: 10 }],
  });
  await ports.clock.advance(3_600_000);
  assert.deepEqual(sink.healthLog, []);
  assert.deepEqual([...new Set(sink.of('meter/current').map(({ quality }) => quality))], ['good']);
  await source.stop();
});
