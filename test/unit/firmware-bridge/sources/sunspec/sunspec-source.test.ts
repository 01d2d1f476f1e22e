import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { sourceSchema } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import { loadModels } from '#bridge/protocols/sunspec/model-table.ts';
import { answerTcp, type ModbusDevice } from '../../../../support/devices/modbus.ts';
import { inverterModels, modelWords, sunspecDevice } from '../../../../support/devices/sunspec.ts';
import { FakePorts } from '../../support/fake-ports.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

/** @param change what comes in place of an answer */
async function started(
  device: ModbusDevice,
  config: Record<string, unknown> = {},
  change = (answer: Uint8Array) => answer,
) {
  // Loaded before, because reading a file takes real time, which the hand-driven clock doesn't wait for.
  await loadModels();
  const units = new Map([[1, device]]);
  const ports = new FakePorts();
  ports.links.onOpen = (link) => {
    link.answer = (request) => {
      if (device.exception === 0) return;
      const answer = change(answerTcp(units, request));
      queueMicrotask(() => link.brings(answer));
    };
    link.opens();
  };
  const sink = new RecordingSink();
  const parsed = v.parse(sourceSchema, {
    ...{ kind: 'sunspec', name: 'roof', address: 'tcp://10.0.0.9', interval: '1s', timeout: '100ms' },
    ...config,
  });
  const source = createSource(parsed, { ports, inventoryCommand: [] });
  source.start(sink);
  return { ports, sink, source, units };
}

test('a device is found by its marker, and its points become readings under common keys', async () => {
  const { ports, sink, source } = await started(sunspecDevice(inverterModels()));
  await ports.clock.advance(1500);
  assert.equal(sink.last('roof/device/serial')?.value, 'SW0042');
  const power = sink.last('roof/ac/power');
  assert.deepEqual([power?.value, power?.unit, power?.quality], [4821, 'W', 'good']);
  assert.equal(sink.last('roof/inverter/state')?.value, 'MPPT');
  assert.equal(sink.last('roof/mppt/2/voltage')?.value, 405.5);
  assert.equal(sink.last('roof/mppt/1/energy'), undefined);
  assert.deepEqual(sink.healthLog, []);
  assert.equal(source.counters().walks, 1);
  await source.stop();
  assert.equal(ports.clock.pendingTimers, 0);
});

test('a second model of a kind has a number before its keys, and further points can be named', async () => {
  const meter = { id: 802, values: { SoC: 571, SoC_SF: -1, V: 5120, V_SF: -2 } };
  const { ports, sink, source } = await started(
    sunspecDevice([...inverterModels({ StVnd: 42 }), meter, meter], 0),
    {
      points: [
        { model: 103, point: 'StVnd', key: 'inverter/vendor-state' },
        { model: 160, point: 'module/*/IDStr', key: 'mppt/*/name' },
      ],
      only: ['battery/*', 'inverter/*', 'mppt/*/name'],
    },
  );
  await ports.clock.advance(1500);
  assert.equal(sink.last('roof/battery/soc')?.value, 57.1);
  assert.equal(sink.last('roof/2/battery/voltage')?.value, 51.2);
  assert.equal(sink.last('roof/inverter/vendor-state')?.value, 42);
  assert.equal(sink.last('roof/mppt/2/name')?.value, 'west');
  assert.equal(sink.last('roof/ac/power'), undefined);
  await source.stop();
});

test('a point that is implemented no longer leaves its value behind as bad', async () => {
  const device = sunspecDevice(inverterModels());
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  device.load('holding', 40_000 + 2 + 68, modelWords(inverterModels({ TmpCab: -0x8000 })[1]!));
  await ports.clock.advance(1000);
  const temperature = sink.last('roof/inverter/temperature');
  assert.deepEqual([temperature?.value, temperature?.quality], [41.2, 'bad']);
  assert.equal(sink.last('roof/ac/power')?.quality, 'good');
  await source.stop();
});

test('a device whose models changed while it was read is looked at anew', async () => {
  const device = sunspecDevice(inverterModels());
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  const [common] = inverterModels();
  const other = sunspecDevice([common!, { id: 113, values: { W: 99.5 } }]);
  for (const [address, word] of other.holding) device.holding.set(address, word);
  await ports.clock.advance(2500);
  assert.equal(sink.last('roof/ac/power')?.value, 99.5);
  const { walks, mapChanges } = source.counters();
  assert.deepEqual({ walks, mapChanges }, { walks: 2, mapChanges: 1 });
  await source.stop();
});

test('a map that lies is reported by the model, and what can be told is still read', async () => {
  const { ports, sink, source } = await started(sunspecDevice(inverterModels({ A_SF: 99 })));
  await ports.clock.advance(1500);
  assert.deepEqual(sink.healthLog, ['+map-mismatch roof: model 103']);
  assert.match(source.health()[0]?.text ?? '', /scale at A/);
  assert.equal(sink.last('roof/ac/power')?.value, 4821);
  assert.equal(sink.last('roof/ac/current'), undefined);
  assert.ok((source.counters().mapFaults ?? 0) > 0);
  await source.stop();
});

test('a device without the marker is reported, and asked ever more seldom', async () => {
  const device = sunspecDevice(inverterModels());
  device.holding.set(40_000, 0);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(60_000);
  assert.deepEqual(sink.healthLog.slice(0, 1), ['+map-mismatch roof: the list of models']);
  assert.ok((source.counters().walks ?? 0) <= 6, String(source.counters().walks));
  device.holding.set(40_000, 0x5375);
  await ports.clock.advance(120_000);
  assert.equal(sink.last('roof/ac/power')?.value, 4821);
  assert.ok(sink.healthLog.includes('-map-mismatch roof: the list of models'));
  await source.stop();
});

test('a device that falls silent is reported, and read again when it is back', async () => {
  const device = sunspecDevice(inverterModels());
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  device.exception = 0;
  await ports.clock.advance(10_000);
  assert.deepEqual(sink.healthLog, ['+device-silent roof']);
  device.exception = undefined;
  await ports.clock.advance(30_000);
  assert.ok(sink.healthLog.includes('-device-silent roof'));
  await source.stop();
});

test('a dead device by TCP is asked up to every 5 minutes, and its connection made anew no more often', async () => {
  const device = sunspecDevice(inverterModels());
  const { ports, source } = await started(device);
  device.exception = 0;
  await ports.clock.advance(3_600_000);
  const { walks = 0 } = source.counters();
  assert.ok(walks <= 22, `${walks} walks`);
  assert.ok(ports.links.links.length <= 15, `${ports.links.links.length} connections`);
  await source.stop();
});

test('another device at the address does not speak for the one that is meant', async () => {
  const { ports, sink, source } = await started(sunspecDevice(inverterModels()), { serialNumber: 'SW9999' });
  await ports.clock.advance(1500);
  assert.equal(sink.readings.length, 0);
  assert.deepEqual(sink.healthLog, ['+device-changed roof']);
  await source.stop();
});

test('a device that does not say who it is is not the one that is meant', async () => {
  const [, ...nameless] = inverterModels();
  const { ports, sink, source } = await started(sunspecDevice(nameless), { serialNumber: 'SW 0042' });
  await ports.clock.advance(3500);
  assert.equal(sink.readings.length, 0);
  assert.deepEqual(sink.healthLog, ['+device-changed roof']);
  await source.stop();
  const refusing = sunspecDevice(inverterModels());
  for (let address = 40_010; address < 40_060; address++) refusing.holding.delete(address);
  const other = await started(refusing, { serialNumber: 'SW0042' });
  await other.ports.clock.advance(3500);
  assert.equal(other.sink.readings.length, 0);
  assert.deepEqual(other.sink.healthLog, ['+device-refuses roof: model 1']);
  await other.source.stop();
});

test('a model that the device lists and refuses costs only itself', async () => {
  const device = sunspecDevice(inverterModels());
  for (let address = 40_002 + 68 + 10; address < 40_002 + 68 + 20; address++) device.holding.delete(address);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  assert.deepEqual(sink.healthLog, ['+device-refuses roof: model 103']);
  assert.equal(sink.last('roof/mppt/1/power')?.value, 2510);
  await source.stop();
});

test('the devices behind an inverter have a common model each, and the first one is its own', async () => {
  const [common, ...rest] = inverterModels();
  const { ports, sink, source } = await started(
    sunspecDevice([
      common!,
      ...rest,
      { id: 1, values: { ...common!.values, SN: 'METER1' } },
      { id: 802, values: { SoC: 571, SoC_SF: -1 } },
    ]),
    { serialNumber: 'SW0042' },
  );
  await ports.clock.advance(5500);
  assert.equal(sink.last('roof/battery/soc')?.value, 57.1);
  assert.equal(sink.last('roof/2/device/serial')?.value, 'METER1');
  assert.deepEqual(sink.healthLog, []);
  await source.stop();
});

test('an exception that passes does not end the list of models', async () => {
  for (const code of [4, 6, 10, 11]) {
    let requests = 0;
    const { ports, sink, source } = await started(sunspecDevice(inverterModels()), {}, (answer) =>
      // Busy at the second header.
      ++requests === 3 ? Uint8Array.of(...answer.subarray(0, 5), 3, 1, 0x83, code) : answer,
    );
    await ports.clock.advance(10_000);
    assert.equal(sink.last('roof/ac/power')?.value, 4821, String(code));
    assert.equal(source.counters().walks, 2);
    assert.deepEqual(source.health(), []);
    await source.stop();
  }
});

test('a list of models without its end is used, and looked at again until it has one', async () => {
  const device = sunspecDevice(inverterModels());
  const header = 40_002 + 68;
  const word = device.holding.get(header) ?? 0;
  device.holding.delete(header);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  assert.equal(sink.last('roof/device/serial')?.value, 'SW0042');
  assert.deepEqual(sink.healthLog, ['+map-mismatch roof: the list of models']);
  device.holding.set(header, word);
  await ports.clock.advance(10_000);
  assert.equal(sink.last('roof/ac/power')?.value, 4821);
  assert.deepEqual(source.health(), []);
  await source.stop();
});

/** The registers of a model that isn't among the published ones here, by its table: 16 bits each, the rest not implemented. */
async function tableWords(id: number, values: Readonly<Record<string, number>>): Promise<number[]> {
  const table = (await loadModels()).get(id);
  const words = (table?.group.points ?? []).flatMap(({ name, type, size }) => {
    const empty = type === 'int16' || type === 'sunssf' ? 0x8000 : 0xffff;
    return values[name] === undefined ? new Array<number>(size).fill(empty) : [values[name] & 0xffff];
  });
  return [id, words.length - 2, ...words.slice(2)];
}

test('models that tell the same in different ways never take turns under one key', async () => {
  const device = sunspecDevice([...inverterModels(), { id: 113, values: { W: 99.5, PF: 0.98, St: 2 } }]);
  const end = [...device.holding].findLast(([, word]) => word === 0xffff)?.[0] ?? 0;
  const der = await tableWords(701, { W: 4700, W_SF: 0, PF: 970, PF_SF: -3, InvSt: 3 });
  device.load('holding', end, [...der, 0xffff, 0]);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(130_000);
  const values = (key: string) => [...new Set(sink.of(`roof/${key}`).map(({ value }) => value))];
  assert.deepEqual(values('ac/power'), [4700]);
  assert.deepEqual(values('ac/power-factor'), [97]);
  assert.equal(sink.last('roof/ac/power-factor')?.unit, '%');
  assert.equal(values('inverter/state').length, 1);
  // What the preferred one doesn't have comes from the next that has.
  assert.deepEqual(values('inverter/temperature'), [41.2]);
  assert.deepEqual(values('dc/power'), [5010]);
  assert.deepEqual(sink.healthLog, []);
  await source.stop();
});

test('two models of a kind, one of them faulty, are told apart in what is wrong with them', async () => {
  const battery = { id: 802, values: { SoC: 571, SoC_SF: -1 } };
  const faulty = { id: 802, values: { SoC: 571, SoC_SF: 99 } };
  const { ports, sink, source } = await started(sunspecDevice([inverterModels()[0]!, battery, faulty]));
  await ports.clock.advance(10_500);
  assert.deepEqual(sink.healthLog, ['+map-mismatch roof: model 2/802']);
  await source.stop();
});

test('values whose scale moves while they are read are left out', async () => {
  const device = sunspecDevice(inverterModels().slice(0, 1));
  const end = [...device.holding].findLast(([, word]) => word === 0xffff)?.[0] ?? 0;
  const der = (W: number, W_SF: number) => tableWords(701, { W, W_SF });
  device.load('holding', end, [...(await der(4700, 0)), 0xffff, 0]);
  let isMoving = false;
  const [small, large] = [await der(470, 1), await der(4700, 0)];
  const { ports, sink, source } = await started(device, {}, (answer) => {
    // With each long answer the inverter takes the other scale.
    if (isMoving && answer.length > 200) device.load('holding', end, device.reads % 2 ? small : large);
    return answer;
  });
  await ports.clock.advance(2500);
  isMoving = true;
  await ports.clock.advance(60_000);
  assert.deepEqual([...new Set(sink.of('roof/ac/power').map(({ value }) => value))], [4700]);
  assert.ok((source.counters().mapFaults ?? 0) > 0);
  await source.stop();
});

test('a model that says it is as long as everything is not read so far', async () => {
  const device = sunspecDevice(inverterModels());
  const header = 40_002 + 68;
  device.holding.set(header + 1, 20_000);
  for (let at = header + 100; at < 65_536; at++) device.holding.set(at, 0);
  device.holding.set(header + 2 + 20_000, 0xffff);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(1500);
  assert.ok(device.reads < 20, `${device.reads} reads`);
  assert.ok(sink.healthLog.includes('+map-mismatch roof: model 103'));
  assert.equal(sink.last('roof/ac/power')?.value, 4821);
  await source.stop();
});

test('a curtailment of a few percent is told at once', async () => {
  const limit = { WMaxLimPct: 100, WMaxLimPct_SF: 0 };
  const device = sunspecDevice(inverterModels());
  const end = [...device.holding].findLast(([, word]) => word === 0xffff)?.[0] ?? 0;
  device.load('holding', end, [...(await tableWords(123, limit)), 0xffff, 0]);
  const { ports, sink, source } = await started(device);
  await ports.clock.advance(10_500);
  assert.equal(sink.last('roof/limit/power')?.value, 100);
  device.load('holding', end, await tableWords(123, { ...limit, WMaxLimPct: 91 }));
  await ports.clock.advance(2000);
  assert.equal(sink.last('roof/limit/power')?.value, 91);
  await source.stop();
});
