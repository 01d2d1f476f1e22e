import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { PacketBench } from '../../../../../scripts/bench/seal/packet.ts';
import { median, parseSample } from '../../../../../scripts/bench/seal/sample.ts';

test('a packet has exactly the bytes that were asked for, and all its records come out again', () => {
  for (const bytes of [200, 300, 500, 1_000, 1_200]) {
    const bench = new PacketBench(createNodeProvider(), bytes);
    assert.ok(bench.records >= 1);
    for (let i = 0; i < 3; i++) {
      const datagram = bench.send();
      assert.equal(datagram.length, bytes);
      assert.equal(bench.receive(datagram), bench.records);
    }
  }
});

test('a size that holds no reading is refused, and a datagram that was changed is not measured', () => {
  assert.throws(() => new PacketBench(createNodeProvider(), 120), /no reading fits into 120 bytes/);
  const bench = new PacketBench(createNodeProvider(), 300);
  const datagram = bench.send();
  datagram[200] ^= 1;
  assert.throws(() => bench.receive(datagram), /was dropped/);
});

test('what the other side prints is a sample, or an error that shows it', () => {
  const sample = { datagramBytes: 259, messages: 3, sendMicros: 12.7, receiveMicros: 10.6, wallMicros: 24 };
  assert.deepEqual(parseSample(JSON.stringify(sample)), sample);
  assert.throws(() => parseSample('{"datagramBytes": 259}'), /expected a number as messages/);
  assert.throws(() => parseSample('null'), /expected a sample; got null/);
});

test('the median is the middle one', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([1, 2, 3, 4]), 3);
  assert.throws(() => median([]), RangeError);
});
