import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { sourceSchema } from '#bridge/config.ts';
import { createSource } from '#bridge/create-source.ts';
import { answerRtu, ModbusDevice } from '../../support/devices/modbus.ts';
import { FakePorts } from '../../unit/firmware-bridge/support/fake-ports.ts';
import { RecordingSink } from '../../unit/firmware-bridge/support/recording-sink.ts';

const VALUES = new Map([
  ['volt', 2300],
  ['spare', 77],
]);

test('however slowly a device on a serial line answers, no register ever has the value of another', async () => {
  const run = fc.record({
    timeoutMs: fc.constantFrom(100, 1000, 3000),
    retries: fc.integer({ min: 0, max: 4 }),
    /** In time-outs. */
    latency: fc.double({ min: 0.5, max: 3.5, noNaN: true }),
    /** Added to it by turns, in time-outs. */
    jitter: fc.array(fc.double({ min: 0, max: 0.4, noNaN: true }), { minLength: 1, maxLength: 5 }),
    address: fc.constantFrom('/dev/ttyUSB0', 'rtu+tcp://10.0.0.1:4196'),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ timeoutMs, retries, latency, jitter, address }) => {
      const ports = new FakePorts();
      const device = new ModbusDevice().load('holding', 10, [2300]).load('holding', 40, [77]);
      const units = new Map([[1, device]]);
      let requests = 0;
      ports.links.onOpen = (link) => {
        link.answer = (request) => {
          const answer = answerRtu(units, request);
          const delayMs = (latency + (jitter[requests++ % jitter.length] ?? 0)) * timeoutMs;
          if (answer !== undefined) ports.clock.schedule(delayMs, () => link.brings(answer));
        };
        link.opens();
      };
      const sink = new RecordingSink();
      const config = v.parse(sourceSchema, {
        ...{ kind: 'modbus', name: 'meter', address, timeout: `${timeoutMs}ms`, retries, interval: '100ms' },
        registers: [
          { key: 'volt', at: 10 },
          { key: 'spare', at: 40 },
        ],
      });
      const source = createSource(config, { ports, inventoryCommand: [] });
      source.start(sink);
      await ports.clock.advance(Math.max(30_000, 40 * timeoutMs));
      for (const [key, expected] of VALUES) {
        for (const { value, quality } of sink.of(`meter/${key}`)) {
          if (quality === 'good') assert.equal(value, expected, key);
        }
      }
      // Not by never asking.
      if (latency + 0.4 < 1) assert.equal(sink.last('meter/spare')?.value, 77);
      assert.ok(requests > 3, `${requests} requests`);
      await source.stop();
    }),
    { numRuns: 150 },
  );
});
