import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyBuilder, idBytes } from '#runtime/wire/body.ts';
import { CborWriter } from '#runtime/wire/cbor-writer.ts';
import type { Message } from '#runtime/wire/message.ts';
import { ANN, BEN } from '../../../support/wire.ts';

const mac = new Uint8Array(8);
const hash = new Uint8Array(8);
const endpoint = { transport: 'udp', address: '10.0.0.1', port: 1 } as const;

/** What no decoder takes, no encoder makes: whoever tries it is told, and the body stays as it was. */
const WRONG: readonly (readonly [string, Message, RegExp])[] = [
  ['a MAC of 7 bytes', { type: 'nack', seq: 1, mac: mac.subarray(1) }, /expected a MAC of 8 bytes; got 7/],
  ['a MAC without an uptime', { type: 'ack', seq: 1, mac }, /field 0 is missing in front of others/],
  [
    'an answer with a short MAC',
    { type: 'ack', seq: 1, uptimeMs: 1, mac, answer: { uptimeMs: 1, mac: mac.subarray(1) } },
    /expected a MAC/,
  ],
  [
    'a hash of 7 bytes',
    { type: 'digest', tableHash: hash.subarray(1), lines: [] },
    /expected a hash of 8 bytes; got 7/,
  ],
  [
    'hashes of 255 bytes',
    { type: 'buckets', hashes: new Uint8Array(255) },
    /expected 256 bytes of bucket hashes; got 255/,
  ],
  [
    'a name for an address',
    { type: 'ping-req', seq: 1, target: BEN, targetBoot: 1, endpoint: { ...endpoint, address: 'host' } },
    /expected a literal address; got host/,
  ],
  [
    'half an id',
    { type: 'ping-req', seq: 1, target: BEN.slice(16), targetBoot: 1, endpoint },
    /expected a node id/,
  ],
  ['a fraction', { type: 'ping', seq: 1.5, destBoot: 0 }, /expected an integer/],
  [
    'a span beyond 2^53',
    { type: 'want', lines: [{ owner: BEN, known: 0, gc: 2 ** 54 }] },
    /expected an integer of magnitude/,
  ],
];

for (const [what, message, text] of WRONG)
  test(`${what} is not encoded`, () => {
    const builder = new BodyBuilder(ANN, 1);
    builder.tryAdd({ type: 'ping', seq: 1, destBoot: 0 });
    const before = builder.finish().slice();
    assert.throws(() => builder.tryAdd(message), text);
    assert.deepEqual(builder.finish(), before);
    assert.equal(builder.count, 1);
  });

test('ids are 32 hex digits, keys of a map are sorted bytewise', () => {
  assert.throws(() => idBytes(ANN.slice(1)), /expected a node id of 32 hex digits/);
  const writer = new CborWriter();
  writer.value({ y: 1, xy: 2, xx: 3, x: 4 });
  const keys = [...new TextDecoder('latin1').decode(writer.finish()).matchAll(/[xy]+/g)].map(([key]) => key);
  assert.deepEqual(keys, ['x', 'y', 'xx', 'xy']);
});
