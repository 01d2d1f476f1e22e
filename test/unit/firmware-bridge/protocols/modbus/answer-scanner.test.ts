import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerScanner } from '#bridge/protocols/modbus/answer-scanner.ts';
import { crc16, WindowCrc } from '#bridge/protocols/modbus/crc16.ts';
import type { ReadRequest } from '#bridge/protocols/modbus/read-request.ts';
import { rtuFraming } from '#bridge/protocols/modbus/rtu-framing.ts';
import { tcpFraming } from '#bridge/protocols/modbus/tcp-framing.ts';
import { rtuFrame } from '../../../../support/devices/modbus.ts';

const REQUEST: ReadRequest = { unitId: 1, table: 'holding', address: 0x6b, count: 3 };
const DATA = [0x02, 0x2b, 0x00, 0x00, 0x00, 0x64];
const RTU_ANSWER = rtuFrame(Uint8Array.of(1, 3, 6, ...DATA));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function asked(framing: typeof rtuFraming, request = REQUEST) {
  const scanner = new AnswerScanner(framing);
  return { scanner, sent: scanner.request(request) };
}

test('the CRC is that of the specification, and requests are as its examples show them', () => {
  assert.equal(crc16(Uint8Array.of(0x02, 0x07)), 0x1241);
  // Modbus application protocol 1.1b3, section 6.3: registers 108 to 110.
  const { sent } = asked(rtuFraming);
  assert.equal(hex(sent.subarray(0, 6)), '0103006b0003');
  assert.equal(hex(sent), hex(rtuFrame(sent.subarray(0, 6))));
  assert.equal(hex(asked(tcpFraming).sent), '00010000000601' + '03006b0003');
});

test('an answer is found in pieces of any size, by serial line and by TCP', () => {
  for (const [framing, answer] of [
    [rtuFraming, RTU_ANSWER],
    [tcpFraming, Uint8Array.of(0, 1, 0, 0, 0, 9, 1, 3, 6, ...DATA)],
  ] as const) {
    for (let cut = 0; cut < answer.length; cut++) {
      const { scanner } = asked(framing);
      assert.equal(scanner.push(answer.subarray(0, cut)), undefined);
      assert.deepEqual(scanner.push(answer.subarray(cut)), { kind: 'data', data: Uint8Array.from(DATA) });
    }
  }
});

test('an exception is an answer', () => {
  assert.deepEqual(asked(rtuFraming).scanner.push(rtuFrame(Uint8Array.of(1, 0x83, 2))), {
    kind: 'exception',
    code: 2,
  });
  assert.deepEqual(asked(tcpFraming).scanner.push(Uint8Array.of(0, 1, 0, 0, 0, 3, 1, 0x83, 11)), {
    kind: 'exception',
    code: 11,
  });
});

test('a wrong CRC, another unit, another function and another size are no answer', () => {
  const damaged = RTU_ANSWER.slice();
  damaged[4] = (damaged[4] ?? 0) ^ 1;
  const { scanner } = asked(rtuFraming);
  assert.equal(scanner.push(damaged), undefined);
  assert.equal(scanner.counters().damagedAnswers, 1);
  for (const body of [
    [2, 3, 6, ...DATA],
    [1, 4, 6, ...DATA],
    [1, 3, 4, 1, 2, 3, 4],
  ]) {
    assert.equal(asked(rtuFraming).scanner.push(rtuFrame(Uint8Array.from(body))), undefined);
  }
  // A map that lies: fewer registers than were asked for.
  const lying = asked(tcpFraming).scanner;
  assert.equal(lying.push(Uint8Array.of(0, 1, 0, 0, 0, 7, 1, 3, 4, 1, 2, 3, 4)), undefined);
  assert.equal(lying.counters().damagedAnswers, 1);
});

test('false beginnings in front of the answer do not hide it', () => {
  const noise = Uint8Array.of(1, 1, 3, 1, 3, 6, 1, 0x83, 1, 3, 6, 9, 9);
  assert.equal(asked(rtuFraming).scanner.push(join(noise, RTU_ANSWER))?.kind, 'data');
  const tcpNoise = Uint8Array.of(0, 1, 0, 0, 0, 255, 1, 3, 0, 1, 0, 0, 0, 9, 1);
  const answer = Uint8Array.of(0, 1, 0, 0, 0, 9, 1, 3, 6, ...DATA);
  assert.equal(asked(tcpFraming).scanner.push(join(tcpNoise, answer))?.kind, 'data');
  // An exception that is complete while what stands before it could still become an answer.
  const exception = rtuFrame(Uint8Array.of(1, 0x83, 2));
  assert.equal(asked(rtuFraming).scanner.push(join(Uint8Array.of(1, 3, 6), exception))?.kind, 'exception');
});

test('an adapter that repeats what is sent is told from another master', () => {
  const { scanner, sent } = asked(rtuFraming);
  assert.equal(scanner.push(join(sent, RTU_ANSWER))?.kind, 'data');
  assert.equal(scanner.counters().echoes, 1);
  assert.equal(scanner.counters().foreignRequests, 0);
});

test('an answer behind the request of another master belongs to nobody', () => {
  const { scanner } = asked(rtuFraming);
  const foreign = rtuFrame(Uint8Array.of(1, 3, 0, 0, 0, 3));
  assert.equal(scanner.push(foreign.subarray(0, 5)), undefined);
  assert.deepEqual(scanner.push(join(foreign.subarray(5), RTU_ANSWER)), { kind: 'collision' });
  // While nothing is asked it is heard, too.
  scanner.push(foreign);
  assert.equal(scanner.counters().foreignRequests, 2);
});

test('a late answer to an earlier request is not taken for that to this one', () => {
  const { scanner } = asked(tcpFraming);
  scanner.request({ ...REQUEST, address: 0 });
  assert.equal(scanner.push(Uint8Array.of(0, 1, 0, 0, 0, 9, 1, 3, 6, ...DATA)), undefined);
  assert.equal(scanner.counters().lateAnswers, 1);
  assert.equal(scanner.push(Uint8Array.of(0, 2, 0, 0, 0, 9, 1, 3, 6, ...DATA))?.kind, 'data');
  assert.equal(scanner.push(Uint8Array.of(0, 2, 0, 0, 0, 9, 1, 3, 6, ...DATA)), undefined);
});

test('what comes late on a serial line is not another master', () => {
  const coils: ReadRequest = { unitId: 1, table: 'coil', address: 0, count: 20 };
  const { scanner, sent } = asked(rtuFraming, coils);
  scanner.cancel();
  // Our own echo, and an answer that is as long as a request.
  assert.equal(scanner.push(join(sent, rtuFrame(Uint8Array.of(1, 1, 3, 0, 1, 0)))), undefined);
  const { echoes, lateAnswers, foreignRequests } = scanner.counters();
  assert.deepEqual(
    { echoes, lateAnswers, foreignRequests },
    { echoes: 1, lateAnswers: 1, foreignRequests: 0 },
  );
  // A second echo is none.
  scanner.push(sent);
  assert.equal(scanner.counters().foreignRequests, 1);
});

test('the request of another master is heard although ours goes out in its middle', () => {
  const { scanner } = asked(rtuFraming);
  scanner.cancel();
  const foreign = rtuFrame(Uint8Array.of(1, 3, 0, 0, 0, 3));
  scanner.push(foreign.subarray(0, 4));
  scanner.request(REQUEST);
  assert.deepEqual(scanner.push(join(foreign.subarray(4), RTU_ANSWER)), { kind: 'collision' });
  // Half an answer to the request before is never completed to one to this.
  const { scanner: other } = asked(rtuFraming);
  other.push(RTU_ANSWER.subarray(0, 5));
  other.request(REQUEST);
  assert.equal(other.push(RTU_ANSWER.subarray(5)), undefined);
});

test('what nobody waits for is counted and held in bounds', () => {
  const scanner = new AnswerScanner(rtuFraming);
  for (let i = 0; i < 1000; i++) scanner.push(new Uint8Array(100).fill(0xff));
  assert.ok(scanner.counters().garbageBytes > 99_000);
});

test('the CRC of any window of a stretch is that of its bytes alone', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 37 + (i >> 3)) & 0xff);
  for (const [start, end] of [
    [0, 298],
    [1, 2],
    [5, 5],
    [17, 260],
    [100, 106],
  ] as const) {
    const crc = crc16(bytes, start, end);
    const stretch = bytes.slice();
    stretch.set([crc & 0xff, crc >> 8], end);
    assert.equal(new WindowCrc(stretch).isRight(start, end), true);
    stretch[end] = (stretch[end] ?? 0) ^ 1;
    assert.equal(new WindowCrc(stretch).isRight(start, end), false);
  }
});
