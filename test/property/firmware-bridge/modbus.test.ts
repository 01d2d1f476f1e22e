import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerScanner } from '#bridge/protocols/modbus/answer-scanner.ts';
import { itemBytes, planReads } from '#bridge/protocols/modbus/read-plan.ts';
import { dataBytesOf, MODBUS_TABLES, READ_FUNCTION } from '#bridge/protocols/modbus/read-request.ts';
import { rtuFraming } from '#bridge/protocols/modbus/rtu-framing.ts';
import { tcpFraming } from '#bridge/protocols/modbus/tcp-framing.ts';
import { answerRtu, answerTcp, ModbusDevice } from '../../support/devices/modbus.ts';

const request = fc.record({
  unitId: fc.integer({ min: 1, max: 247 }),
  table: fc.constantFrom(...MODBUS_TABLES),
  address: fc.integer({ min: 0, max: 60_000 }),
  count: fc.integer({ min: 1, max: 125 }),
});
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

/** A device whose every place holds something. */
const device = new ModbusDevice();
for (let i = 0; i < 60_200; i++) {
  device.holding.set(i, (i * 31) & 0xffff);
  device.input.set(i, (i * 17) & 0xffff);
  device.coils.set(i, i % 3 === 0);
  device.discretes.set(i, i % 5 === 0);
}

test('after any garbage, in pieces of any size, the answer to the request is found', () => {
  fc.assert(
    fc.property(
      request,
      fc.boolean(),
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.constant('beginning' as const),
          fc.constant('answer' as const),
        ),
        { maxLength: 4 },
      ),
      cuts,
      (asked, isSerial, noise, sizes) => {
        const scanner = new AnswerScanner(isSerial ? rtuFraming : tcpFraming);
        const sent = scanner.request(asked);
        const units = new Map([[asked.unitId, device]]);
        const answer = isSerial ? answerRtu(units, sent) : answerTcp(units, sent);
        assert.ok(answer !== undefined);
        const damaged = answer.slice();
        // The transaction's number, or the CRC.
        const spoilAt = isSerial ? damaged.length - 1 : 1;
        damaged[spoilAt] = (damaged[spoilAt] ?? 0) ^ 0x5a;
        const stream = Uint8Array.from(
          [
            ...noise.map((part) =>
              part === 'beginning' ? answer.subarray(0, 5) : part === 'answer' ? damaged : part,
            ),
            answer,
          ].flatMap((part) => [...part]),
        );
        const found = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          found.push(scanner.push(stream.subarray(at, at + size)) ?? []);
          at += size;
        }
        const [first, ...rest] = found.flat();
        assert.deepEqual(rest, []);
        assert.ok(first?.kind === 'data', JSON.stringify(first));
        const header = isSerial ? 3 : 9;
        assert.deepEqual(first.data, answer.slice(header, header + dataBytesOf(asked)));
      },
    ),
    { numRuns: 400 },
  );
});

test('any bytes give an answer of the right size, an exception or nothing, and the scanner goes on', () => {
  fc.assert(
    fc.property(
      request,
      fc.boolean(),
      fc.array(fc.uint8Array({ maxLength: 200 })),
      (asked, isSerial, chunks) => {
        const scanner = new AnswerScanner(isSerial ? rtuFraming : tcpFraming);
        scanner.request(asked);
        for (const chunk of chunks) {
          const found = scanner.push(chunk);
          if (found?.kind === 'data') assert.equal(found.data.length, dataBytesOf(asked));
        }
        const sent = scanner.request(asked);
        const units = new Map([[asked.unitId, device]]);
        const answer = isSerial ? answerRtu(units, sent) : answerTcp(units, sent);
        assert.equal(scanner.push(answer ?? new Uint8Array())?.kind, 'data');
      },
    ),
  );
});

test('a plan reads every register once within the limits, and gives each its own bytes', () => {
  const item = fc.record({
    unitId: fc.integer({ min: 1, max: 2 }),
    table: fc.constantFrom(...MODBUS_TABLES),
    address: fc.integer({ min: 0, max: 400 }),
    size: fc.constantFrom(1, 2, 4),
  });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), fc.integer({ min: 0, max: 20 }), (raw, gap) => {
      const items = raw.map((each) =>
        each.table === 'coil' || each.table === 'discrete' ? { ...each, size: 1 } : each,
      );
      const blocks = planReads(items, gap);
      assert.equal(blocks.flatMap((block) => block.items).length, items.length);
      for (const block of blocks) {
        assert.ok(block.request.count <= (block.request.table === 'holding' ? 125 : 2000));
        const fn = READ_FUNCTION[block.request.table];
        const { address, count } = block.request;
        const data = device
          .answer(Uint8Array.of(fn, address >> 8, address & 0xff, count >> 8, count & 0xff))
          .subarray(2);
        for (const each of block.items) {
          assert.ok(each.unitId === block.request.unitId && each.table === block.request.table);
          const bytes = itemBytes(block, each, data);
          const expected =
            each.table === 'holding' ? device.holding.get(each.address) : device.input.get(each.address);
          if (each.table === 'coil') assert.equal(bytes[0] === 1, device.coils.get(each.address));
          else if (each.table === 'discrete')
            assert.equal(bytes[0] === 1, device.discretes.get(each.address));
          else assert.equal((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0), expected);
        }
      }
    }),
  );
});
