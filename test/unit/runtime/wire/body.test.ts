import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { BODY_BYTES_MAX } from '#runtime/core/limits.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { makeVersion } from '#runtime/core/version.ts';
import {
  BodyBuilder,
  decodeBody,
  idBytes,
  sizeOfBlockHeader,
  sizeOfBlocksHeader,
  sizeOfDigestHeader,
  sizeOfHaveHeader,
  sizeOfItem,
  sizeOfLine,
  sizeOfWantHeader,
} from '#runtime/wire/body.ts';
import { encodeValue } from '#runtime/wire/cbor.ts';
import type { Block, Item, Line, Message } from '#runtime/wire/message.ts';
import { carryCodec } from '#runtime/wire/messages/carry.ts';
import { MESSAGE_TYPES } from '#runtime/wire/messages/table.ts';
import { ANN, BEN, bodyOf, PING } from '../../../support/wire.ts';

const hash = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const line: Line = { owner: BEN, known: makeVersion(2, 70), gc: makeVersion(2, 0) };
const resetLine: Line = { owner: ANN, known: 0, gc: makeVersion(5, 1) };
const item: Item = { body: Uint8Array.of(1, 2, 3), ageMs: 250 };
const signed: Item = { ...item, signature: new Uint8Array(64).fill(9) };
const block: Block = {
  owner: BEN,
  from: 0,
  to: makeVersion(2, 70),
  gc: makeVersion(2, 0),
  items: [item, signed],
};

const EACH: readonly Message[] = [
  { type: 'ping', seq: 0, destBoot: 0 },
  { type: 'ack', seq: 0xffff_ffff },
  {
    type: 'ping-req',
    seq: 5,
    target: BEN,
    targetBoot: 3,
    endpoint: { transport: 'udp', address: 'fe80::1', port: 18262 },
  },
  { type: 'nack', seq: 6 },
  { type: 'gone', seq: 7, boot: 1 },
  { type: 'join', seq: 8, padding: 200 },
  {
    type: 'presence',
    uptimeMs: 1e9,
    nodeVersion: makeVersion(1, 1),
    heard: 12,
    tableHash: hash,
    nextMs: 2_000,
  },
  { type: 'blocks', blocks: [block, { ...block, from: block.to, gc: makeVersion(9, 9), items: [] }] },
  { type: 'digest', tableHash: hash, lines: [line, resetLine] },
  { type: 'buckets', hashes: new Uint8Array(256).fill(3) },
  { type: 'have', buckets: [0, 24, 63], lines: [line] },
  { type: 'want', lines: [line, resetLine] },
  {
    type: 'lease-ask',
    number: 2 ** 40,
    operation: 'release',
    name: 'grid-forming.north',
    claim: '0102030405060708',
    ballot: 2 ** 52,
    fence: 0,
    ttlMs: 60_000,
    rosterVersion: 2 ** 32 - 1,
    rosterMark: 'f0f1f2f3f4f5f6f7',
    dest: makeVersion(2, 70),
    mac: new Uint8Array(16).fill(5),
  },
  { type: 'lease-answer', number: 1, verdict: 'other-life', top: 0, leftMs: 0, rosterVersion: 0 },
  {
    type: 'query-reply',
    asker: ANN,
    number: makeVersion(3, 9),
    from: 'cd'.repeat(16),
    verdict: 'answer',
    value: { load: [0.5, 1, null], note: 'ok' },
    cutFrom: 4_000,
    mac: new Uint8Array(16).fill(7),
  },
  { type: 'query-got', asker: ANN, number: makeVersion(3, 9), from: 'cd'.repeat(16), verdict: 'none' },
  { type: 'padding', length: 9 },
  {
    type: 'carry',
    from: BEN,
    boot: 3,
    to: ANN,
    message: { type: 'lease-answer', number: 1, verdict: 'granted', top: 7, leftMs: 0, rosterVersion: 1 },
  },
];
/** They don't fit beside the others. */
const VALUES: readonly Message[] = [
  { type: 'value-want', hash: new Uint8Array(32).fill(8), parts: 0xffff },
  { type: 'value-part', hash: new Uint8Array(32).fill(8), part: 15, bytes: new Uint8Array(1_024).fill(1) },
];

/** All do not fit into one body. */
const HALVES = [EACH.slice(0, 8), EACH.slice(8)];

test('each message comes back as it was added', () => {
  assert.deepEqual([...EACH, ...VALUES].map((message) => message.type).sort(), [...MESSAGE_TYPES].sort());
  assert.deepEqual(decodeBody(bodyOf(VALUES))?.messages, VALUES);
  for (const messages of HALVES)
    assert.deepEqual(decodeBody(bodyOf(messages, { boot: 77 })), {
      sender: ANN,
      boot: 77,
      messages,
      unknown: 0,
    });
});

test('a body without messages is one', () => {
  assert.deepEqual(decodeBody(bodyOf([])), { sender: ANN, boot: 1, messages: [], unknown: 0 });
});

test('size and room are true at every step, across the lengths of the array header', () => {
  const builder = new BodyBuilder(ANN, 1);
  for (let count = 1; count <= 300; count++) {
    const { room } = builder;
    const size = 1 + 1 + 1;
    assert.equal(builder.tryAdd({ type: 'ack', seq: 1 }), room >= size);
    assert.equal(builder.finish().length, builder.size);
    assert.equal(decodeBody(builder.finish())?.messages.length, builder.count);
  }
  assert.equal(builder.count, 300);
});

test('a message that does not fit leaves the body as it was', () => {
  const builder = new BodyBuilder(ANN, 1, 60);
  assert.ok(builder.tryAdd(PING));
  const before = toHex(builder.finish());
  assert.equal(builder.tryAdd({ type: 'join', seq: 1, padding: 500 }), false);
  assert.throws(() => builder.tryAdd({ type: 'ping', seq: -1, destBoot: 0 }), RangeError);
  assert.equal(toHex(builder.finish()), before);
  assert.equal(builder.count, 1);
});

test('a join can be padded to the last byte', () => {
  const builder = new BodyBuilder(ANN, 1);
  const fixed = 1 + 1 + 5 + 3;
  assert.ok(builder.tryAdd({ type: 'join', seq: 0x1234_5678, padding: builder.room - fixed }));
  assert.equal(builder.size, BODY_BYTES_MAX);
  assert.equal(builder.room, 0);
});

test('predicted sizes are those that are written, so a packer fills a body to the last byte', () => {
  for (const each of [block, { ...block, items: Array<Item>(40).fill(item) }, { ...block, items: [] }]) {
    const items = each.items.reduce((sum, one) => sum + sizeOfItem(one), 0);
    const predicted =
      sizeOfBlocksHeader(1) + sizeOfBlockHeader({ ...each, itemCount: each.items.length }) + items;
    assert.equal(bodyOf([{ type: 'blocks', blocks: [each] }]).length, bodyOf([]).length + predicted);
  }
  for (const count of [1, 23, 24]) {
    const lines = Array<Line>(count).fill(line);
    const taken = count * sizeOfLine(line);
    const buckets = [1, 30];
    const cases: [Message, number][] = [
      [{ type: 'digest', tableHash: hash, lines }, sizeOfDigestHeader(count)],
      [{ type: 'want', lines }, sizeOfWantHeader(count)],
      [{ type: 'have', buckets, lines }, sizeOfHaveHeader(buckets, count)],
    ];
    for (const [message, header] of cases)
      assert.equal(bodyOf([message]).length, bodyOf([]).length + header + taken, message.type);
  }
  assert.equal(sizeOfLine(resetLine), encodeValue([idBytes(ANN), 0, -makeVersion(5, 1)]).length);
});

test('[P-4.2] unknown messages are counted, further elements ignored', () => {
  const body = encodeValue([idBytes(ANN), 1, [6, 7, new Uint8Array(3), 'later'], [99, 'what'], [2, 5], [98]]);
  assert.deepEqual(decodeBody(body), {
    sender: ANN,
    boot: 1,
    messages: [
      { type: 'join', seq: 7, padding: 3 },
      { type: 'ack', seq: 5 },
    ],
    unknown: 2,
  });
});

test('[P-3.5] one wrong field makes the whole body invalid', () => {
  const id = idBytes(ANN);
  const good = [id, makeVersion(1, 5), 5];
  const wrong: AppValue[] = [
    [1],
    [1, 7],
    [1, 2 ** 32, 0],
    [1, -1, 0],
    [1, 7, 2 ** 20],
    [2, 1.5],
    [1, 7, 0, 'mac'],
    [1, 7, 0, new Uint8Array(7)],
    [1, 7, 0, new Uint8Array(8), [id, 0, 1, new Uint8Array(8)]],
    [1, 7, 0, new Uint8Array(8), [id, 1, 1]],
    [2, 1, -1],
    [2, 1, 5, new Uint8Array(9)],
    [2, 1, 5, new Uint8Array(8), new Uint8Array(15)],
    [2, 1, 5, new Uint8Array(8), new Uint8Array(16).fill(255)],
    [3, 1, id, 0, [1, Uint8Array.of(1, 2, 3, 4), 5], 1],
    [3, 1, id, 0, [1, Uint8Array.of(1, 2, 3, 4), 5], new Uint8Array(8), null],
    [4, 1, null],
    [5, 1, 2, new Uint8Array(0)],
    [13],
    [14, 1, 0, 0, 0],
    [14, 1, 0, 0, 0, 0, new Uint8Array(8)],
    [7, 1, 0, 1, new Uint8Array(8), 1, new Uint8Array(15)],
    [3, 1, id, 0],
    [3, 1, id, 0, [3, Uint8Array.of(1, 2, 3, 4), 5]],
    [3, 1, id, 0, [1, Uint8Array.of(1, 2, 3), 5]],
    [3, 1, id, 0, [1, Uint8Array.of(1, 2, 3, 4), 65_536]],
    [3, 1, id.subarray(1), 0, [1, Uint8Array.of(1, 2, 3, 4), 5]],
    [5, 1, 0],
    [6, 1, 'text'],
    [7, 1, 1, 1, hash.subarray(1)],
    [8],
    [8, [id, 5, 6, 0, []]],
    [8, [id, 5, 5, 6, []]],
    [8, [id, 5, 5, 0, [[Uint8Array.of(1)]]]],
    [8, [id, 5, 5, 0, [[new Uint8Array(901), 0]]]],
    [8, [id, 5, 5, 0, [[Uint8Array.of(1), 0, 'sig']]]],
    [9, hash, [good, [id, 5]]],
    [9, hash, [[id, 5, 6]]],
    [9, hash, [[id, 2 ** 52 - 1, -1]]],
    [9, hash, [[id, 2 ** 52, 0]]],
    [10, new Uint8Array(255)],
    [11, [64], []],
    [11, [], 5],
    [12, []],
    [],
    ['ping', 7],
    [-1],
    5,
  ];
  for (const message of wrong) {
    const bytes = encodeValue([id, 1, [2, 5], message]);
    assert.equal(decodeBody(bytes), undefined, toHex(encodeValue(message)));
  }
});

test('sender and boot must be what they are called', () => {
  const id = idBytes(ANN);
  for (const body of [[], [id], [id.subarray(1), 1], [ANN, 1], [id, 0], [id, 2 ** 20], [id, '1'], { a: 1 }])
    assert.equal(decodeBody(encodeValue(body as AppValue)), undefined);
  assert.ok(decodeBody(encodeValue([id, 2 ** 20 - 1])));
});

test('[P-4.6] a float is no integer of the protocol, be it integral or -0', () => {
  const id = toHex(idBytes(ANN));
  const float = (value: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return `fb${toHex(new Uint8Array(view.buffer))}`;
  };
  // [ sender, boot, [ ping, seq, boot ] ]
  const whole = (boot: string, seq: string, destBoot: string) =>
    decodeBody(fromHex(`8350${id}${boot}8301${seq}${destBoot}`));
  assert.ok(whole('01', '07', '00'));
  assert.equal(whole(float(1), '07', '00'), undefined);
  assert.equal(whole('01', float(7), '00'), undefined);
  assert.equal(whole('01', '07', float(-0)), undefined);
});

test('what a body gives is copied, but for the bytes of records, which their table copies', () => {
  for (const messages of HALVES) {
    const bytes = Buffer.from(bodyOf(messages));
    const body = decodeBody(bytes);
    bytes.fill(0);
    assert.deepEqual(body?.messages.map(withoutRecords), messages.map(withoutRecords));
  }
});

function withoutRecords(message: Message): Message {
  if (message.type !== 'blocks') return message;
  const blank = (item: Item): Item => ({ ...item, body: new Uint8Array(item.body.length) });
  return { ...message, blocks: message.blocks.map((block) => ({ ...block, items: block.items.map(blank) })) };
}

test('[P-19.13] nothing but questions and answers about leases is carried', () => {
  const answer = [14, 1, 0, 7, 0, 1];
  const ids = [idBytes(BEN), idBytes(ANN)] as const;
  assert.equal(carryCodec.decode([23, ids[0], 3, ids[1], answer])?.message.type, 'lease-answer');
  for (const message of [[1, 5, 0], [23, ids[0], 3, ids[1], answer], [14, 1], [], null, 14])
    assert.equal(carryCodec.decode([23, ids[0], 3, ids[1], message]), undefined);
  assert.equal(carryCodec.decode([23, ids[0], 0, ids[1], answer]), undefined, 'no boot');
});
